"""What `mailcall inspect` is made of: finding mails, reading them in processes of their own, showing them."""
