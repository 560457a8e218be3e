"""What is fetched of a registry's source: from whom, how much of it, and whether it is whole."""

from typing import Final

from tests.guards.guard import Edit, Guard

_SOURCE: Final = "services/registry-sync/registry_sync/source/"
_TRANSPORT: Final = f"{_SOURCE}transport.py"
_COMPRESSED: Final = f"{_SOURCE}compressed.py"
_RUN: Final = "services/registry-sync/registry_sync/sync/run.py"
_UNIT: Final = "tests/unit/registry_sync/source/"
_LINE: Final = f"{_UNIT}test_transport.py::"
_PACKED: Final = f"{_UNIT}test_compressed.py::"
_FAULTS: Final = "tests/integration/registry/test_faults.py::"
_CRASHES: Final = "tests/integration/registry/test_crashes.py::"

GUARDS: Final = (
    Guard(
        "A source's files lie on hosts that it may name",
        (Edit(_TRANSPORT, ' or (parts.hostname or "") not in self.hosts', ""),),
        (f"{_LINE}test_no_other_host_is_asked",),
    ),
    Guard(
        "A source is asked over https",
        (Edit(_TRANSPORT, '{"https"} if self.https_only else ', ""),),
        (f"{_LINE}test_a_file_comes_over_https_alone",),
    ),
    Guard(
        "A source is asked over the web alone",
        (Edit(_TRANSPORT, "parts.scheme not in schemes or ", ""),),
        (f"{_LINE}test_plain_http_has_to_be_allowed",),
    ),
    Guard(
        "A manifest has an end",
        (Edit(_TRANSPORT, "if len(got) > MANIFEST_BYTES_MAX:", "if False:"),),
        (f"{_LINE}test_a_manifest_has_an_end",),
    ),
    Guard(
        "A manifest that drips in is given up",
        (Edit(_TRANSPORT, "asyncio.timeout(MANIFEST_S)", "asyncio.timeout(None)"),),
        (f"{_LINE}test_a_manifest_that_drips_in_is_given_up",),
    ),
    Guard(
        "A source that falls silent is given up",
        (
            Edit(_TRANSPORT, "timeout=self.silence_s) as answer", "timeout=None) as answer"),
            Edit(_TRANSPORT, "timeout=self.silence_s\n", "timeout=None\n"),
        ),
        (f"{_LINE}test_a_source_that_falls_silent_is_given_up",),
    ),
    Guard(
        "Nothing is packed on its way",
        (Edit(_TRANSPORT, '{"Accept-Encoding": "identity"}', "{}"),),
        (f"{_LINE}test_nothing_is_packed_on_its_way",),
    ),
    Guard(
        "What is packed on its way all the same is not unpacked",
        (
            Edit(
                _TRANSPORT,
                "    async for piece in answer.aiter_raw():\n        got",
                "    async for piece in answer.aiter_bytes():\n        got",
            ),
            Edit(
                _TRANSPORT,
                "async for piece in answer.aiter_raw():\n                    got",
                "async for piece in answer.aiter_bytes():\n                    got",
            ),
        ),
        (f"{_LINE}test_what_is_packed_on_its_way_all_the_same_is_not_unpacked",),
    ),
    Guard(
        "A file that drips in is given up",
        (Edit(_TRANSPORT, "asyncio.timeout(DOWNLOAD_S)", "asyncio.timeout(None)"),),
        (f"{_LINE}test_a_file_that_drips_in_is_given_up",),
    ),
    Guard(
        "A file that always breaks is asked for so often and no more",
        (Edit(_TRANSPORT, "for number in range(TRIES_MAX):", "for number in range(1_000):"),),
        (f"{_LINE}test_a_file_that_always_breaks_is_asked_for_so_often_and_no_more",),
    ),
    Guard(
        "A file is no longer than the manifest says",
        (Edit(_TRANSPORT, "if len(got) > size:", "if False:"),),
        (f"{_LINE}test_a_file_longer_than_it_says_is_left_at_once",),
    ),
    Guard(
        "A file that comes from its start begins anew",
        (Edit(_TRANSPORT, "                    got.clear()\n", "                    pass\n"),),
        (f"{_LINE}test_a_file_that_comes_from_its_start_begins_anew",),
    ),
    Guard(
        "A file has the manifest's hash",
        (Edit(_TRANSPORT, "if hashlib.sha256(got).hexdigest() != file.sha256:", "if False:"),),
        (f"{_LINE}test_a_file_is_what_the_manifest_says",),
    ),
    Guard(
        "A batch too large is not begun",
        (
            Edit(
                f"{_SOURCE}platform.py",
                "if sum(one.bytes for one in files) > TOTAL_MAX:",
                "if False:",
            ),
        ),
        (f"{_UNIT}test_platform.py::test_a_batch_too_large_is_not_begun",),
    ),
    Guard(
        "A file has as many lines as the manifest says",
        (Edit(f"{_SOURCE}platform.py", "if lines.count != file.count:", "if False:"),),
        (f"{_UNIT}test_platform.py::test_a_file_has_as_many_lines_as_the_manifest_says",),
    ),
    Guard(
        "A full list has as many lines as the manifest says",
        (Edit(_RUN, "if is_full and batch.count != manifest.full.count:", "if False:"),),
        (f"{_FAULTS}test_a_full_list_has_as_many_lines_as_the_manifest_says",),
    ),
    Guard(
        "What is unpacked has an end",
        (Edit(_COMPRESSED, "    if total > limit:\n", "    if False:\n"),),
        (f"{_PACKED}test_a_bomb_is_left_before_it_grows",),
    ),
    Guard(
        "What is unpacked grows so many times and no more",
        (Edit(_COMPRESSED, "if total > _FREE_BYTES + ratio * read:", "if False:"),),
        (f"{_PACKED}test_a_file_that_grows_too_far_is_a_bomb",),
    ),
    Guard(
        "A file packed in parts has so many of them and no more",
        (Edit(_COMPRESSED, "if members > MEMBERS_MAX:", "if False:"),),
        (f"{_PACKED}test_a_file_that_grows_too_far_is_a_bomb",),
    ),
    Guard(
        "A packed file that ends early is not believed",
        (
            Edit(
                _COMPRESSED,
                "                raise BatchRefused(BatchFault.truncated, "
                '"The gzip file ends before its end.")\n',
                "                return\n",
            ),
        ),
        (f"{_PACKED}test_a_file_cut_anywhere_is_truncated",),
    ),
    Guard(
        "A manifest is signed by its source",
        (Edit(f"{_SOURCE}manifest.py", "        _check(described, public_key)\n", ""),),
        (f"{_UNIT}test_manifest.py::test_a_change_after_signing_is_noticed",),
    ),
    Guard(
        "A manifest is of the source that was asked",
        (Edit(_RUN, "if manifest.source != self.source.mapping:", "if False:"),),
        (f"{_FAULTS}test_a_manifest_of_another_source_is_refused",),
    ),
    Guard(
        "A source does not go back to an older version",
        (
            Edit(
                _RUN,
                "if state.version is not None and manifest.version < state.version:",
                "if False:",
            ),
        ),
        (f"{_FAULTS}test_a_fault_freezes_nobody_wrongly_and_loses_no_revocation",),
    ),
    Guard(
        "Everything is fetched at least once a day",
        (Edit(_RUN, "now - state.last_full_at >= FULL_EVERY", "False"),),
        ("tests/integration/registry/test_sync.py::test_everything_is_fetched_again_after_a_day",),
    ),
    Guard(
        "A version that another process overtook is not applied",
        (
            Edit(
                "services/registry-sync/registry_sync/sync/accept.py",
                "if before != arrived.version_before:",
                "if False:",
            ),
        ),
        (f"{_CRASHES}test_an_older_version_never_comes_after_a_newer_one",),
    ),
)
