"""Refusals of the pages for officers: what to do about a key, a role, an address."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from alerts.pages.rendering import ROOT, pages_of
from shared.errors import ServiceError
from shared.web.pages import prefers_pages
from shared.web.problems import request_id_of

PAGES: Final = pages_of()

_FROM_THE_OVERVIEW: Final = "请回到监督总览，从列表里打开。"
_WORDS: Final = {
    HTTPStatus.UNAUTHORIZED: (
        "请用密钥登录",
        "请重新打开本页，在浏览器弹出的窗口里填写：用户名随意，密码填您的API密钥（以yk_开头）。",
        "密钥由运维人员发放；已经停用或填错的密钥不能登录。",
    ),
    HTTPStatus.FORBIDDEN: (
        "这把密钥不能看监督页",
        "监督页只供主管部门、审计和运维的密钥查看。",
        "要换一把密钥，请关闭浏览器的所有窗口，重新打开后再登录。",
    ),
    HTTPStatus.NOT_FOUND: (
        "没有这一页",
        "网址可能写错了，编号不存在，或不在您的辖区。",
        _FROM_THE_OVERVIEW,
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: (
        "没有看懂网址",
        "网址里的编号、日期或参数不对。",
        _FROM_THE_OVERVIEW,
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "暂时打不开",
        "系统正忙，或数据库没有回答。",
        "请稍后再试。",
    ),
}
_OTHERWISE: Final = ("出了一点问题", "这一页没有能打开。", "请稍后再试；一再出现时请联系运维人员。")
_NO_REPORT: Final = (
    "还没有这一天的日报告",
    "日报告在下一个工作日08:30以后产生；也可能是日期或辖区写错了。",
    "可以先看预览：在监督总览里选择“预览”。",
)


def fault_page(request: Request, fault: ServiceError) -> Response | None:
    """Return a refusal as a page; None for other paths, and for who asks for no page.

    What was sent is not shown.
    """
    path = request.scope["path"]
    if not is_ours(path) or not prefers_pages(request.headers.get("accept", "")):
        return None
    title, meaning, advice = _words(path, HTTPStatus(fault.status))
    shown = {
        "title": title,
        "meaning": meaning,
        "advice": advice,
        "request_id": request_id_of(request),
    }
    return PAGES.rendered("refusal.html", shown, status=fault.status, headers=fault.headers)


def is_ours(path: str) -> bool:
    """Tell whether a path is one of these pages, or would be.

    >>> is_ours("/supervise"), is_ours("/supervise/cases/x"), is_ours("/supervised")
    (True, True, False)
    """
    return path == ROOT or path.startswith(f"{ROOT}/")


def _words(path: str, status: HTTPStatus) -> tuple[str, str, str]:
    if status is HTTPStatus.NOT_FOUND and path == f"{ROOT}/reports/daily":
        return _NO_REPORT
    return _WORDS.get(status, _OTHERWISE)
