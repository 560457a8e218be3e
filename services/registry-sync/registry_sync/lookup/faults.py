"""Refusals as pages, for those who read pages: programs get problem+json, as everywhere."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from registry_sync.lookup.desk import PAGES, desk_of
from registry_sync.pages.rendering import prefers_pages
from shared.errors import ServiceError
from shared.web.problems import request_id_of

_API: Final = "/v1/"
_INSTITUTIONS: Final = "/institutions/"

_WORDS: Final = {
    HTTPStatus.NOT_FOUND: ("没有这个页面", "网址可能写错了，或页面已经不在了。"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("不能这样访问", "请从查询页开始。"),
    HTTPStatus.UNPROCESSABLE_ENTITY: ("没有看懂", "网址或查询的内容有误，请重新查询。"),
    HTTPStatus.TOO_MANY_REQUESTS: ("查询太频繁", "请稍等几秒钟再查。"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("暂时无法查询", "系统正忙，请稍后再查。"),
}
_OTHERWISE: Final = ("出了一点问题", "系统出错了，请稍后再查。")
_NOT_LISTED: Final = ("名单里没有这家机构", "主管部门的名单里没有这个信用代码。")
_NO_CODE: Final = ("信用代码不对", "统一社会信用代码有18位，最后一位是校验码，请核对。")


def fault_page(request: Request, fault: ServiceError) -> Response | None:
    """Return a refusal as a page; None for a path of the API, and for who asks for no page."""
    path = request.scope["path"]
    if path.startswith(_API) or not prefers_pages(request.headers.get("accept", "")):
        return None
    title, sentence = _WORDS.get(HTTPStatus(fault.status), _OTHERWISE)
    is_missing = path.startswith(_INSTITUTIONS) and fault.status == HTTPStatus.NOT_FOUND
    if is_missing:
        title, sentence = _NOT_LISTED
    elif path.startswith(_INSTITUTIONS) and fault.status == HTTPStatus.UNPROCESSABLE_ENTITY:
        title, sentence = _NO_CODE
    shown = {
        "title": title,
        "sentence": sentence,
        "is_missing": is_missing,
        "is_ours": fault.status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        "complaint_line": desk_of(request).complaint_line,
        "request_id": request_id_of(request),
    }
    return PAGES.rendered("fault.html", shown, status=fault.status, headers=fault.headers)
