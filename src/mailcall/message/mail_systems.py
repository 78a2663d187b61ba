"""Reports by mail systems that do not use, or came before, the form of RFC 3464."""

import re

from .bounce_texts import begins_as_report, reads_as_report
from .signs import Signs

# What mail systems write at the beginning of a subject, after the tags that gateways put there.
_REPORT_SUBJECT = re.compile(
    r"\s*(?:(?:\[[^\]]{0,40}\]|\*{1,5}[\w -]{1,20}\*{1,5}|re:|ndn:|ndr:|warning:|notice:|e-?mail|status|"
    r"permanent|your|the|メッセージ|メール|[がをはの])\s*){0,4}"
    r"(?:\[?bounced?\b|undeliver|nondeliver|delayed mail|not delivered|processing error|user unknown|"
    r"mailbox full|(?:e-?)?mail ?(?:system|server)? ?(?:delivery|error|failure|failed|undeliver|returned|"
    r"not delivered|could not|delayed|status|rejected|quota)|"
    r"(?:message|mail|memo|nondeliverable) (?:status|delivery|undeliver|not delivered|could not|returned|"
    r"delayed|failed|failure|rejected|\"|mail|you sent)|"
    r"non[- ]?(?:delivery|remis|remise|recapit)|returned? (?:mail|e-?mail|message|to sender)|"
    r"delivery (?:status|failure|failed|report|has failed|error|problem|notification|delayed|incomplete|"
    r"unsuccessful|warning|to .{1,80} failed)|deliver(?:y|ing)? fail|"
    r"fail(?:ed|ure) (?:notice|delivery|mail|to deliver|message)|could not (?:be delivered|deliver|send)|"
    r"unable to deliver|can(?:no|')t be delivered|automatically rejected mail|rejected (?:mail|message)|"
    r"\S{1,200}@\S{1,200} - (?:user unknown|no such user)|"
    r"unzustellbar|nicht zustellbar|zustell(?:ung|problem|fehler)|nicht zugestellt|fehlgeschlagen|"
    r"échec de|non distribu|courrier non|impossible de remettre|non recapitab|mancato recapito|"
    r"no se (?:pudo|puede|ha podido) entregar|no entregado|devuelto|não (?:foi )?entregue|"
    r"não foi possível|falha na entrega|onbestelbaar|niet bezorgd|olevererbar|kan inte levereras|"
    r"ikke leveret|kunne ikke levere|toimitus|nie dostarczono|niedostarczo|nedoručiteln|kézbesíthetetlen|"
    r"недоставлен|не доставлен|не удалось доставить|teslim edileme|配信|送信できません|配達|宛先不明|未送達|"
    r"系统退信|退信|投递失败|无法送达|未傳遞|반송)",
    re.IGNORECASE,
)
# Programs of servers that report from an address like anybody's.
_REPORTER = re.compile(
    r"m-filter|<smtp32|internet mail service|microsoft cdo|mailmarshal|james|ntmail", re.IGNORECASE
)
_BODY_OF_ANOTHER = frozenset({"message/rfc822", "text/rfc822-headers", "message/global", "message/partial"})


def bounce_reason(signs: Signs) -> str:
    """Say what shows a mail to be a mail system's report of a failure or delay, or ''.

    Where the sender could be a person, two further signs are needed: a person at postmaster@ writes
    about deliveries too.
    """
    if "x-failed-recipients" in signs.names:
        return "X-Failed-Recipients header"
    if signs.from_daemon:
        return "From a mail system's own address (MAILER-DAEMON)"
    told = _told_as_report(signs) if (who := _possible_reporter(signs)) else ""
    return f"{who}, with {told}" if told else ""


def _possible_reporter(signs: Signs) -> str:
    if signs.from_mail_system:
        return "From a mail system"
    if signs.null_return:
        return "an empty Return-Path"
    if signs.from_no_reply:
        return "From an address that takes no answers"
    if "x-mlserver" in signs.names or _REPORTER.match(signs.value("x-mailer")):
        return "a server's program in the header"
    return ""


def _told_as_report(signs: Signs) -> str:
    """Say which two signs beside the sender tell of a report, or ''."""
    subject = bool(_REPORT_SUBJECT.match(signs.subject))
    tells = bool(signs.types & _BODY_OF_ANOTHER) or reads_as_report(signs.root)
    if (subject or "x-mlserver" in signs.names) and tells and not signs.by_hand:
        return "the subject and the text of a delivery report"
    if not signs.from_mail_system:
        return ""
    if signs.null_return and (subject or tells):
        return "an empty Return-Path"
    if begins_as_report(signs.root) and not signs.by_hand:
        return "a text that begins as a delivery report"
    return ""
