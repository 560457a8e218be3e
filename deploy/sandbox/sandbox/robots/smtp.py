"""A mail server that takes every letter and delivers none: as much of SMTP as a client needs."""

import asyncio
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Final

from sandbox.robots.desk import Desk, Received
from sandbox.robots.faults import Fault

LINE_MAX: Final = 4_096
LETTER_MAX: Final = 1_000_000
"""Bytes of one letter; a longer one is refused with 552."""


@dataclass(slots=True)
class MailSink:
    """Listens for mail and writes it down at the desk."""

    desk: Desk
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, host: str, port: int) -> asyncio.Server:
        """Begin to listen and return the listener."""
        return await asyncio.start_server(self._speak, host, port, limit=LETTER_MAX * 2)

    def hang_up(self) -> None:
        """Close every connection, silent ones included."""
        for writer in list(self._open):
            writer.close()

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await _say(writer, 220, "sandbox ready")
            if not self.desk.dice.strikes(Fault.SILENT, "mail"):
                await self._converse(reader, writer)
            else:
                await reader.read()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # they hung up, or spoke no SMTP
        finally:
            self._open.discard(writer)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer command after command until QUIT, or until the answer gets lost."""
        while line := (await reader.readline())[:LINE_MAX]:
            command = line.decode("latin-1").strip().upper().partition(" ")[0]
            if command == "QUIT":
                await _say(writer, 221, "bye")
                return
            if command == "DATA":
                if not await self._take_letter(reader, writer):
                    return
            else:
                await _say(writer, *self._answer(command))

    def _answer(self, command: str) -> tuple[int, str]:
        strikes = self.desk.dice.strikes
        if command == "RCPT" and strikes(Fault.REFUSED, "mail"):
            return 550, "no such mailbox"
        if command == "MAIL" and strikes(Fault.SERVER_ERROR, "mail"):
            return 421, "out of order"
        if command == "MAIL" and strikes(Fault.RATE_LIMITED, "mail"):
            return 451, "too many letters, come again later"
        known = {"EHLO", "HELO", "MAIL", "RCPT", "RSET", "NOOP"}
        return (250, "ok") if command in known else (502, "not known here")

    async def _take_letter(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Read a letter and keep it; tell whether the conversation goes on."""
        await _say(writer, 354, "go on")
        raw = await reader.readuntil(b"\r\n.\r\n")
        if len(raw) > LETTER_MAX or self.desk.dice.strikes(Fault.TOO_LONG, "mail"):
            self.desk.reject(552)
            await _say(writer, 552, "too long")
            return True
        self.desk.keep(_letter(raw.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")))
        if self.desk.dice.strikes(Fault.LOST_ANSWER, "mail"):
            return False
        await _say(writer, 250, "queued")
        return True


async def _say(writer: asyncio.StreamWriter, code: int, text: str) -> None:
    writer.write(f"{code} {text}\r\n".encode())
    await writer.drain()


def _letter(raw: bytes) -> Received:
    read = message_from_bytes(raw, policy=policy.default)
    body = read.get_body(("plain",))
    return Received(
        place="mail",
        form="letter",
        title=str(read["Subject"]),
        text=str(body.get_content()) if body is not None else "",
        bytes=len(raw),
        id=str(read["Message-ID"]),
    )
