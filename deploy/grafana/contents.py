"""What each of the eight dashboards shows."""

# A script's folder is no package; queries are broken between their clauses; what is put into SQL
# is ours, and a reader's words are quoted by Grafana; a Chinese character counts once.
# ruff: noqa: INP001, ISC004, S608, E501

from typing import Final

from boards import Json, Panel, board

A: Final = "tuition_alerts_"
D: Final = '{district_code=~"$district"}'
FRESH: Final = Panel(
    "stat", "数据新鲜度", "离最近一次完整读取多久；超过 180 秒，下面的数都是旧数。", "s",
    [("", "time() - max(tuition_exporter_snapshot_timestamp_seconds)")],
    width=6, thresholds=[(90, "orange"), (180, "red")],
)  # fmt: skip


def gauge(title: str, says: str, unit: str, expr: str, width: int = 6, **more: object) -> Panel:
    """Return one figure."""
    asked = [("", expr)]
    return Panel("stat", title, says, unit, asked, width=width, **more)  # type: ignore[arg-type]


def lines(title: str, says: str, unit: str, *queries: tuple[str, str], **more: object) -> Panel:
    """Return curves over time."""
    return Panel("timeseries", title, says, unit, queries, **more)  # type: ignore[arg-type]


def table(title: str, says: str, unit: str, expr: str, **more: object) -> Panel:
    """Return a table of what holds now."""
    return Panel("table", title, says, unit, [("", expr)], **more)  # type: ignore[arg-type]


OVERVIEW: Final = board("overview", "监管总览", ["supervisor"], [
    FRESH,
    gauge("红色未办结", "所选区划内红色的未办结案件。", "none",
          f'sum({A}cases{{severity="critical",district_code=~"$district"}})',
          thresholds=[(1, "red")]),
    gauge("黄色未办结", "所选区划内黄色的未办结案件。", "none",
          f'sum({A}cases{{severity="warning",district_code=~"$district"}})',
          thresholds=[(1, "orange")]),
    gauge("没有单独序列的案件", "超过 2,000 件的部分只计数；大于 0 时逐件告警不完整。", "none",
          f"max({A}case_series_truncated)", thresholds=[(1, "red")]),
    Panel("bargauge", "逾期案件", "过了时限的案件，按下一步骤。", "none",
          [("{{milestone}}", f"sum by (milestone) ({A}cases_overdue)")], thresholds=[(1, "red")]),
    lines("七日新增", "每天新增的案件，按发现时的级别。", "none",
          ("{{severity}}", f"sum by (severity) (increase({A}cases_opened_total{D}[1d]))")),
    lines("七日办结", "每天办结的案件，按研判结论。", "none",
          ("{{class}}", f"sum by (class) (increase({A}cases_closed_total[1d]))")),
    table("覆盖率", "监管账户余额与未消课预收费之比；低于 100% 意味着钱不够退。", "percentunit",
          f"bureau:tuition_alerts_coverage:ratio{D}", width=12, thresholds=[(1, "green")],
          empty_is_good=True),
    table("各区划未办结", "未办结案件，按区划和级别。", "none",
          f"sum by (district_code, severity) ({A}cases{D}) > 0", width=12, empty_is_good=True),
    table("无法判断的原因", "最近一天排在前面的原因；无法判断不等于安全。", "none",
          f"topk(10, sum by (rule, reason) (increase({A}rule_indeterminate_total[1d])))", width=12),
    table("机构现状", "机构数，按区划和现状。", "none",
          f"sum by (district_code, risk) ({A}institutions{D})", width=12),
    gauge("日报告", "所选区划内最旧的一份日报告离现在多久。", "s",
          f"time() - min({A}daily_report_timestamp_seconds{D} > 0)", empty_is_good=True),
])  # fmt: skip

_REACHED: Final = "milestone_duration_seconds"
CASES: Final = board("cases", "案件处置（三早）", ["supervisor"], [
    FRESH,
    lines("用时中位数", "从发现到受理、约谈、研判、办结的中位用时（最近 30 天）。", "s",
          ("{{milestone}}", f"histogram_quantile(0.5, sum by (le, milestone)"
           f" (increase({A}{_REACHED}_bucket[30d])))"), width=9, empty_is_good=True),
    lines("用时九成位", "九成案件在这个时间内做到（最近 30 天）。", "s",
          ("{{milestone}}", f"histogram_quantile(0.9, sum by (le, milestone)"
           f" (increase({A}{_REACHED}_bucket[30d])))"), width=9, empty_is_good=True),
    table("逾期列表", "已逾期的案件和逾期时长；案件编号可在案件页面打开。", "s",
          f"sort_desc(time() - {A}case_due_timestamp_seconds{D} > 0)", width=24,
          empty_is_good=True),
    Panel("bargauge", "积压时长", "未办结案件已经开了多久。", "none", [
        ("一天内", f"count(time() - {A}case_opened_timestamp_seconds < 86400)"),
        ("一周内", f"count(time() - {A}case_opened_timestamp_seconds < 604800 >= 86400)"),
        ("更久", f"count(time() - {A}case_opened_timestamp_seconds >= 604800)"),
    ], empty_is_good=True),
    Panel("bargauge", "研判结论", "历来办结的案件，按结论。", "none",
          [("{{class}}", f"sum by (class) ({A}cases_closed_total)")]),
    gauge("重新打开", "历来办结后又被打开的案件所占的比例。", "percentunit",
          f"max({A}cases_reopened_total) / (sum({A}cases_closed_total) > 0)", width=8,
          empty_is_good=True),
    Panel("table", "承办人工作量", "每名承办人手上未办结的案件和其中逾期的。", "none", [("",
          "SELECT coalesce(owner, '未受理') AS 承办人, count(*) AS 未办结,"
          ' count(*) FILTER (WHERE due_at < now()) AS 逾期 FROM alerts."case"'
          " WHERE state NOT IN ('closed', 'recheck', 'archived') GROUP BY 1 ORDER BY 2 DESC")],
          width=24, is_sql=True),
])  # fmt: skip

MONEY: Final = board("money", "大额与余额", ["supervisor"], [
    FRESH,
    lines("一日流出", "没有划拨指令对应的支出，按区划，最近 24 小时。", "currencyCNY",
          ("{{district_code}}", f"sum by (district_code) (increase({A}outflow_yuan_total{D}[1d]))"),
          width=9),
    lines("七日流出", "同上，最近七天。", "currencyCNY",
          ("{{district_code}}", f"sum by (district_code) (increase({A}outflow_yuan_total{D}[7d]))"),
          width=9),
    lines("规则命中", "每小时命中的次数，按规则。", "none",
          ("{{rule}}", f'sum by (rule) (increase({A}rule_hits_total{{mode="live"}}[1h])) > 0'),
          empty_is_good=True),
    table("最低余额缺口", "各机构低于最低余额的差额之和，按区划。", "currencyCNY",
          f"sum by (district_code) ({A}min_balance_gap_yuan{D}) > 0", empty_is_good=True),
    lines("覆盖率", "监管余额与未消课预收费之比，按区划。", "percentunit",
          ("{{district_code}}", f"bureau:tuition_alerts_coverage:ratio{D}"), empty_is_good=True),
    lines("退费与流出", "每天退给家长的钱，和没有指令的流出；退费不是风险。", "currencyCNY",
          ("退费", f"sum(increase({A}refund_yuan_total{D}[1d]))"),
          ("流出", f"sum(increase({A}outflow_yuan_total{D}[1d]))"), width=12),
    lines("监管余额与未消课预收费", "两条线靠近时，钱快不够退。", "currencyCNY",
          ("监管余额", f"sum({A}supervised_balance_yuan{D})"),
          ("未消课预收费", f"sum({A}unconsumed_prepaid_yuan{D})"), width=12),
])  # fmt: skip

_LEFT: Final = f"{A}clearance_remaining_yuan{D}"
_DEADLINE: Final = f"{A}clearance_deadline_timestamp_seconds"
CLEARANCE: Final = board("clearance", "清零倒计时", ["supervisor"], [
    FRESH,
    Panel("stat", "距截止日", "离退费截止和清零截止还有多久。", "s",
          [("{{name}} {{deadline}}", f"{_DEADLINE} - time()")], width=18, empty_is_good=True,
          thresholds=[(0, "red")]),
    lines("剩余与所需进度", "还没有消课的钱，和从七天前匀速降到零应有的线。", "currencyCNY",
          ("剩余 {{campaign}}", f"sum by (campaign) ({_LEFT})"),
          ("所需 {{campaign}}", f"sum by (campaign) ({_LEFT} offset 7d) * on (campaign)"
           f' clamp_min(max by (campaign) ({_DEADLINE}{{deadline="clear_by"}}) - time(), 0)'
           f' / on (campaign) (max by (campaign) ({_DEADLINE}{{deadline="clear_by"}})'
           " - time() + 604800)"),
          width=24, empty_is_good=True),
    gauge("预计来不及的机构", "clearance_projection 未办结的案件数。", "none",
          'sum(bureau_rule_severity:tuition_alerts_cases_open:sum{rule="clearance_projection"})'
          " or vector(0)", width=8, thresholds=[(1, "orange")]),
    gauge("已过期未清的机构", "clearance_overdue 未办结的案件数。", "none",
          'sum(bureau_rule_severity:tuition_alerts_cases_open:sum{rule="clearance_overdue"})'
          " or vector(0)", width=8, thresholds=[(1, "red")]),
    table("各区划剩余", "还没有消课的钱，按行动和区划。", "currencyCNY",
          f"sum by (campaign, district_code) ({_LEFT})", empty_is_good=True),
])  # fmt: skip

_ASKED: Final = f'{A}rule_evaluations_total{{mode="live"'
RULES: Final = board("rules", "规则质量", ["operator"], [
    FRESH,
    table("命中", "最近七天的命中次数，按规则和级别。", "none",
          f'sum by (rule, severity) (increase({A}rule_hits_total{{mode="live"}}[7d])) > 0',
          width=9, empty_is_good=True),
    table("准确率", "办结的案件里确认有问题的比例，按规则。", "percentunit",
          f'sum by (rule) ({A}cases_closed_total{{class=~"rectifying|referred|supervised|'
          f'confirmed_loss"}}) / (sum by (rule) ({A}cases_closed_total) > 0)',
          width=9, empty_is_good=True),
    table("试运行与正式", "最近七天试运行与正式的命中之差，按规则。", "none",
          f'sum by (rule) (increase({A}rule_hits_total{{mode="shadow"}}[7d]))'
          f' - sum by (rule) (increase({A}rule_hits_total{{mode="live"}}[7d]))'),
    lines("无法判断的比例", "没有结论的判断所占的比例，按结果。", "percentunit",
          ("{{outcome}}", "job:tuition_alerts_evaluations:ratio_rate5m"
           '{outcome=~"indeterminate|error"}'), empty_is_good=True),
    table("暂停中", "现在有效的暂停，按规则；暂停的规则仍在判断。", "none",
          f"{A}suppressions > 0", empty_is_good=True),
    lines("判断次数", "每秒判断的次数，按结果。", "ops",
          ("{{outcome}}", f"sum by (outcome) (rate({_ASKED}}}[$__rate_interval]))")),
    lines("规则用时", "一条规则看一家机构的九成位用时。", "s",
          ("{{rule}}", "histogram_quantile(0.9, sum by (le, rule)"
           f" (rate({A}rule_duration_seconds_bucket[$__rate_interval])))"), empty_is_good=True),
    table("启用", "正式启用与试运行的规则。", "none", f"sum by (rule, mode) ({A}rule_enabled)"),
    Panel("table", "每人每天的新案件", "最近七天平均每名承办人每天新增的案件。", "none", [("",
          "SELECT rule AS 规则, round(count(*) / 7.0 / greatest((SELECT count(DISTINCT owner)"
          " FROM alerts.\"case\" WHERE opened_at > now() - interval '7 days'), 1), 2) AS 每人每天"
          " FROM alerts.\"case\" WHERE opened_at > now() - interval '7 days' GROUP BY 1"
          " ORDER BY 2 DESC")], width=12, is_sql=True),
    Panel("table", "最近的回测", "每条规则最近一次回测，和它的结论。", "none", [("",
          "SELECT DISTINCT ON (rule) rule AS 规则, district_code AS 区划, version AS 版本,"
          " made_at AS 时间, result_hash AS 结果 FROM alerts.backtest"
          " ORDER BY rule, made_at DESC")], width=12, is_sql=True),
])  # fmt: skip

R: Final = "tuition_registry_"
REGISTRY: Final = board("registry", "名单同步", ["operator"], [
    Panel("stat", "来源新鲜度", "离上次成功应答多久，以约定间隔为单位；超过 2 即为过期。", "none",
          [("{{source}}", f"(time() - max by (source) ({R}last_success_timestamp_seconds))"
            f" / max by (source) ({R}expected_interval_seconds)")],
          thresholds=[(2, "orange"), (6, "red")]),
    table("名单记录", "持有的办学点，按来源和状态。", "none",
          f"max by (source, status) ({R}records)", width=16),
    lines("名单变化", "每小时的变化，按类别和结果。", "none",
          ("{{kind}} {{result}}", f"sum by (kind, result) (increase({R}changes_total[1h]))"),
          empty_is_good=True),
    lines("抓取结果", "每小时的抓取，按结果。", "none",
          ("{{source}} {{result}}", f"sum by (source, result) (increase({R}fetches_total[1h]))")),
    lines("传递耗时", "从看到来源的变化到写进消息流，九成九位。", "s",
          ("{{action}}", "histogram_quantile(0.99, sum by (le, action)"
           f" (rate({R}propagation_seconds_bucket[1h])))"), empty_is_good=True),
    table("暂缓的变化", "被安全阀挡住、等两人复核的变化。", "none",
          f"sum by (source, reason) ({R}held_changes) > 0", empty_is_good=True),
    table("不可信的行", "最近一批里没有采用的行，按原因。", "none",
          f"sum by (source, reason) ({R}quarantined_records) > 0", empty_is_good=True),
    gauge("未确认的保护性冻结", "名单触发、监管人员还没有确认或解除的冻结。", "none",
          "max(tuition_escrow_protective_freezes_unconfirmed)", width=8,
          thresholds=[(1, "orange")]),
])  # fmt: skip

_DELAY: Final = f"{A}detection_delay_seconds_bucket"
HEALTH: Final = board("health", "银行流水与服务健康", ["operator"], [
    FRESH,
    Panel("stat", "对账单", "各银行最近一份对账单离现在多久。", "s",
          [("{{bank}}", "time() - max by (bank)"
            " (tuition_escrow_statement_last_timestamp_seconds)")], width=18),
    Panel("heatmap", "发现用时", "银行支出从收到到判断完的分布。", "s",
          [("{{le}}", f"sum by (le) (increase({_DELAY}[$__rate_interval]))")], width=12,
          empty_is_good=True),
    lines("早发现误差", "没有在 300 秒内判断的比例；目标低于 1%。", "percentunit",
          ("一小时", "slo:tuition_alerts_detection_errors:ratio_rate1h"),
          ("三天", "slo:tuition_alerts_detection_errors:ratio_rate3d"), width=12,
          empty_is_good=True),
    gauge("等待判断的机构", "有新事实、还没有重新判断的机构。", "none",
          f"max({A}waiting_institutions)", thresholds=[(1000, "orange")]),
    lines("循环的成败", "每分钟的循环次数，按结果。", "none",
          ("{{job}} {{loop}} {{outcome}}", "sum by (job, loop, outcome)"
           " (rate(tuition_work_rounds_total[$__rate_interval])) * 60"), width=9),
    lines("循环用时", "九成位用时，按循环。", "s",
          ("{{job}} {{loop}}", "histogram_quantile(0.9, sum by (le, job, loop)"
           " (rate(tuition_work_round_duration_seconds_bucket[$__rate_interval])))"), width=9),
    table("消息流", "alerts 上次读到各消息流离现在多久。", "s",
          f"time() - max by (feed) ({A}feed_last_read_timestamp_seconds)"),
    table("搁置的消息", "看不懂的消息，等人来看。", "none", f"max by (feed) ({A}set_aside_events)"),
    lines("读取快照的用时", "导出进程读一遍数据库要多久。", "s",
          ("", "max(tuition_exporter_snapshot_duration_seconds)")),
    lines("通知", "每小时的通知，按渠道和结果。", "none",
          ("{{channel}} {{result}}", f"sum by (channel, result)"
           f" (increase({A}deliveries_total[1h]))")),
    lines("接口错误", "5xx 所占的比例；目标低于 0.1%。", "percentunit",
          ("{{service}}", "slo:tuition_http_errors:ratio_rate1h")),
    table("进程", "各进程是否应答：1 为是。", "none", "min by (job) (up)"),
    lines("数据库争用", "每秒因争用重试的事务。", "ops",
          ("{{job}}", "sum by (job) (rate(tuition_pg_retries_total[$__rate_interval]))")),
])  # fmt: skip

_ONE: Final = " WHERE institution_id = ${institution:sqlstring}"
INSTITUTION: Final = board("institution", "机构一张表", ["supervisor"], [
    Panel("table", "机构", "名称、区划、现状，监管余额、未消课预收费和最低余额（元）。", "none", [("",
          "SELECT name AS 名称, district_code AS 区划, risk AS 现状, custody_fen / 100.0 AS 监管余额,"
          " held_fen / 100.0 AS 未消课预收费, required_fen / 100.0 AS 最低余额,"
          f" judged_at AS 最近判断 FROM alerts.institution{_ONE}")], width=24, is_sql=True),
    Panel("table", "案件", "历来的案件。", "none", [("",
          "SELECT opened_at AS 发现, rule AS 规则, severity AS 级别, state AS 状态, class AS 结论,"
          f' due_at AS 时限, sentence AS 依据 FROM alerts."case"{_ONE}'
          " ORDER BY opened_at DESC LIMIT 200")], width=24, is_sql=True),
    Panel("table", "消课", "最近 200 次消课（元）。", "none", [("",
          "SELECT at AS 时间, number AS 课时, amount_fen / 100.0 AS 金额"
          f" FROM alerts.fact{_ONE} AND kind = 'released' ORDER BY fact_id DESC LIMIT 200")],
          width=12, is_sql=True),
    Panel("table", "收支", "最近 200 笔银行收支（元）。", "none", [("",
          "SELECT at AS 时间, kind AS 方向, tag AS 性质, amount_fen / 100.0 AS 金额"
          f" FROM alerts.fact{_ONE} AND kind IN ('credit', 'debit')"
          " ORDER BY fact_id DESC LIMIT 200")], width=12, is_sql=True),
    Panel("table", "许可沿革", "名单上的历次变化。", "none", [("",
          "SELECT at AS 时间, tag AS 事件, ref AS 许可证号"
          f" FROM alerts.fact{_ONE} AND kind = 'registry' ORDER BY fact_id DESC LIMIT 200")],
          width=24, is_sql=True),
])  # fmt: skip

BOARDS: Final[dict[str, Json]] = {
    "supervisor/overview": OVERVIEW,
    "supervisor/cases": CASES,
    "supervisor/money": MONEY,
    "supervisor/clearance": CLEARANCE,
    "operator/rules": RULES,
    "operator/registry": REGISTRY,
    "operator/health": HEALTH,
    "supervisor/institution": INSTITUTION,
}
