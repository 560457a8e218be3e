"""Mail, in a thread of its own: the standard library's client waits where it stands.

The notice's id is in the `Message-ID`: mail systems that see it twice show it once.
Where a channel asks for STARTTLS, a server that does not offer it gets neither the password nor
the message.
"""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from alerts.notices.channels import Channel, Mailing
from alerts.notices.wire import ANSWER_S, Heard, Message, receipt

TAKEN: Final = 250
PERMANENT: Final = 500
TOO_LONG: Final = 552


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends mail."""

    async def send(self, channel: Channel, message: Message) -> Heard:
        """Send one mail to every recipient of the channel."""
        assert channel.mail is not None, "a channel of mail says how"
        password = channel.secret.get_secret_value()
        return await asyncio.to_thread(_send, channel.mail, password, message)


def letter(mailing: Mailing, message: Message) -> EmailMessage:
    """Return the mail that says a notice."""
    made = EmailMessage()
    made["Subject"] = message.notice.title
    made["From"] = Address("一课监管提醒", addr_spec=mailing.sender)
    made["To"] = ", ".join(mailing.recipients)
    made["Date"] = format_datetime(message.at)
    domain = mailing.sender.rpartition("@")[2]
    made["Message-ID"] = f"<{message.notice_id}@{domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(message.text, cte="base64")
    return made


def _send(mailing: Mailing, password: str, message: Message) -> Heard:
    """Speak to the server; once the letter itself was begun, silence leaves it unknown."""
    begun = False
    try:
        with _opened(mailing) as server:
            if mailing.security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if mailing.user and password:
                server.login(mailing.user, password)
            refused = _envelope(server, mailing)
            if refused is not None:
                return refused
            begun = True
            code, said = server.data(letter(mailing, message).as_bytes())
            return _heard(code, said)
    except smtplib.SMTPResponseException as error:
        return _heard(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:  # the latter: no connection, no certificate
        return Heard("failed", f"no answer: {type(error).__name__}", is_unknown=begun)


def _opened(mailing: Mailing) -> smtplib.SMTP:
    if mailing.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(mailing.host, mailing.port, timeout=ANSWER_S, context=context)
    return smtplib.SMTP(mailing.host, mailing.port, timeout=ANSWER_S)


def _envelope(server: smtplib.SMTP, mailing: Mailing) -> Heard | None:
    """Name sender and recipients; one that is refused refuses the mail, as nobody must be missed.

    The receipt says how many were refused and never who.
    """
    server.ehlo_or_helo_if_needed()
    code, said = server.mail(mailing.sender)
    if code != TAKEN:
        return _heard(code, said)
    codes = [server.rcpt(one)[0] for one in mailing.recipients]
    wrong = [one for one in codes if one not in {TAKEN, 251}]
    if not wrong:
        return None
    result = "refused" if max(wrong) >= PERMANENT else "failed"
    return Heard(result, f"SMTP {max(wrong)} for {len(wrong)} of {len(codes)} recipients")


def _heard(code: int, said: bytes | str) -> Heard:
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    told = receipt(f"SMTP {code} {text}")
    if code == TAKEN:
        return Heard("delivered", told)
    if code >= PERMANENT:
        return Heard("refused", told, is_too_long=code == TOO_LONG)
    return Heard("failed", told)
