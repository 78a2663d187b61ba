"""The demo's sign-ins, shown on its sign-in page. They are no secret: the demo serves this machine only."""

from typing import NamedTuple


class SignIn(NamedTuple):
    """Somebody to sign in as."""

    label: str
    email: str
    password: str


ADMINISTRATOR = SignIn("Administrator", "alex.morgan@demo.example", "demo-administrator")
SIGN_INS = [
    SignIn("Priya Sharma, analyst in IT", "priya.sharma@demo.example", "demo-analyst-it"),
    SignIn("Lena Fischer, analyst in HR", "lena.fischer@demo.example", "demo-analyst-hr"),
    ADMINISTRATOR,
    SignIn("Marcus Webb, a User who is to approve", "marcus.webb@demo.example", "demo-user-approves"),
]
