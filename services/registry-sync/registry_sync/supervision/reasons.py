"""Why something was refused, withheld or set aside, as a sentence that says what to do."""

from dataclasses import dataclass
from typing import Final

from registry_sync.domain.words import BatchFault, HoldReason, RowFault


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason as people read it."""

    title: str
    meaning: str
    """What happened, and that what was good before still counts."""
    advice: str
    """What to correct at the source, or to check before deciding."""


ROWS: Final = {
    RowFault.credit_code_wrong: Reason(
        "信用代码不对",
        "统一社会信用代码不是18位，或最后一位校验码对不上。",
        "请对照营业执照或法人登记证，在来源处改正这个代码；也请检查整列是否错位。",
    ),
    RowFault.numeric_id: Reason(
        "号码存成了数字",
        "信用代码或许可证号在表格里是数字，电子表格只保留15位，后面的数位已经丢失。",
        "请把这一列设为“文本”格式，按原件重新填写完整的号码。",
    ),
    RowFault.field_missing: Reason(
        "必填的内容是空的",
        "这一行缺少必须填写的内容。",
        "请在来源处补填“栏目”所指的内容。",
    ),
    RowFault.word_unknown: Reason(
        "用词不在约定范围内",
        "这一格写的词不是约定的用词，系统不猜它的意思。",
        "请在来源处改用约定的词；如果是新的正式用词，请运维人员补进对照表。",
    ),
    RowFault.date_wrong: Reason(
        "日期看不懂",
        "这一格不是能识别的日期，或者生效日期比名单的日期晚一天以上。",
        "还没有到生效日期的，请到时再报；日期请写成“2027-06-30”或“2027年6月30日”；没有期限的写“长期”。",
    ),
    RowFault.row_repeated: Reason(
        "同一许可证写了两次，内容不同",
        "同一批里有两行说的是同一个许可证，内容却不一样，或其中一行有错，两行都没有采用。",
        "请在来源处核实，只留下正确的一行。",
    ),
    RowFault.formula_without_value: Reason(
        "公式没有结果",
        "这一格是公式，文件里没有保存算出的结果。",
        "请在电子表格里把公式的结果粘贴为“值”，保存后重新报送。",
    ),
    RowFault.shape_wrong: Reason(
        "这一行的格式坏了",
        "这一行不是完整的记录：内容残缺、过长、错列，或含有不可见的控制字符。",
        "请在来源处重新录入这一行。",
    ),
    RowFault.identity_doubtful: Reason(
        "许可证原属另一家机构",
        "这个许可证号此前登记在另一家机构名下，系统不能认定是谁的。",
        "请核对许可证号与信用代码：写错的请改正；确已换证的，请让来源先注销原机构的许可证。",
    ),
}

BATCHES: Final = {
    BatchFault.unreachable: Reason(
        "连不上来源",
        "来源没有回答，或下载中断。",
        "系统会自动重试；持续出现时请联系来源的运维人员。",
    ),
    BatchFault.host_not_allowed: Reason(
        "文件在未经许可的服务器上",
        "清单里的文件地址不在允许的服务器上。",
        "请向来源核实地址；确需新增服务器时，由运维人员写进来源设置。",
    ),
    BatchFault.too_large: Reason(
        "文件太大",
        "清单、文件或表格超过了大小上限。",
        "请让来源分成几份提供，表格请删去无关内容后重新报送。",
    ),
    BatchFault.bomb: Reason(
        "压缩文件异常",
        "压缩文件解开后大得不正常，可能已损坏或被恶意构造。",
        "请让来源重新生成文件，并查明原因。",
    ),
    BatchFault.truncated: Reason(
        "文件不完整",
        "文件还没有传完就结束了。",
        "请让来源或报送人重新提供完整的文件。",
    ),
    BatchFault.hash_wrong: Reason(
        "文件校验不符",
        "下载的文件与清单上的校验值（SHA-256）不一致，可能被改动或传错。",
        "请让来源核对并重新发布清单和文件。",
    ),
    BatchFault.count_wrong: Reason(
        "条数不符",
        "文件里的条数与清单写的不一致。",
        "请让来源核对并重新发布。",
    ),
    BatchFault.signature_wrong: Reason(
        "签名不符",
        "清单的数字签名验证不通过，不能确认出自来源。",
        "请立即向来源核实：是否更换了签名密钥，是否有人冒充。",
    ),
    BatchFault.manifest_wrong: Reason(
        "清单看不懂",
        "清单的格式不对，或是另一个来源的清单。",
        "请让来源按约定的格式重新发布清单。",
    ),
    BatchFault.rollback: Reason(
        "版本倒退",
        "来源给出的版本比已收下的旧。",
        "请向来源核实：是否恢复了旧的备份，是否有人重放旧数据。",
    ),
    BatchFault.overdue: Reason(
        "清单已过期",
        "来源给出的清单已过有效期，里面的变化要等新的清单到了才生效。",
        "请催促来源按时发布新的清单。",
    ),
    BatchFault.overtaken: Reason(
        "被另一次获取抢先",
        "处理期间另一次获取已经更新了名单，或者有更新的表格已被接受。",
        "不需要处理，以更新的为准。",
    ),
    BatchFault.outside_district: Reason(
        "超出本辖区",
        "表格里，或这个来源原来的名单里，有不在报送人辖区内的机构。",
        "请只报送本辖区的名单；跨辖区的名单由上一级主管部门报送。",
    ),
    BatchFault.not_a_sheet: Reason(
        "不是可读的表格",
        "文件不是可读的XLSX或CSV表格。",
        "请用电子表格软件打开，另存为XLSX或UTF-8编码的CSV后重新报送。",
    ),
    BatchFault.macros: Reason(
        "表格带有宏",
        "表格含有宏程序，出于安全不予读取。",
        "请另存为不带宏的XLSX后重新报送。",
    ),
    BatchFault.entities: Reason(
        "表格含有危险内容",
        "表格内部含有实体声明，正常的表格没有这种内容。",
        "请查明文件的来历，新建表格、粘贴内容后重新报送。",
    ),
    BatchFault.external_links: Reason(
        "表格链接了别的文件",
        "表格引用了其他文件的内容，那些内容无法核实。",
        "请断开链接，粘贴为“值”后重新报送。",
    ),
    BatchFault.header_missing: Reason(
        "找不到表头",
        "表格前几行里没有必需的列名。",
        "请在表格顶部写上列名，至少包括机构名称和统一社会信用代码。",
    ),
    BatchFault.header_repeated: Reason(
        "列名重复",
        "表头里有两列说的是同一件事，不知道该信哪一列。",
        "请删去或改名其中一列后重新报送。",
    ),
    BatchFault.too_many_rows: Reason(
        "行数太多",
        "表格的行数超过了上限。",
        "请分成几份报送，并检查是否有大量空行。",
    ),
}

HOLDS: Final = {
    HoldReason.empty: Reason(
        "名单空了",
        "来源说名单里一家机构也没有了，这一批整个没有生效。",
        "这几乎总是来源出错。请先向来源核实，确认名单真的撤空了再同意。",
    ),
    HoldReason.shrink: Reason(
        "一下子少了太多机构",
        "新名单里缺的机构多得不寻常，缺失的部分没有生效，其余变化照常生效。",
        "请向来源核实：是漏报了一部分，还是真的移出了名单。",
    ),
    HoldReason.mass_revocation: Reason(
        "一下子吊销了太多许可证",
        "一天之内被吊销或列入黑名单的机构多得不寻常，这些没有生效，其余变化照常生效。",
        "请逐家核对处罚决定。同意后吊销生效，有关机构可能随即被停止收费和划款。",
    ),
    HoldReason.mass_closing: Reason(
        "一下子关停了太多机构",
        "同一批里停业、注销、转型、清算、到期或移出白名单的机构多得不寻常，这些没有生效，其余变化照常生效。",
        "请向来源逐家核实。同意后这些变化生效，有关机构可能随即不得再收费。",
    ),
    HoldReason.fill_rate: Reason(
        "有的栏目突然空了很多",
        "某些栏目的填写率比平时低得多，这一批整个没有生效。",
        "请向来源核实是否漏导了这些栏目（见“系统记录”）。",
    ),
    HoldReason.schema_drift: Reason(
        "多出了不认识的栏目",
        "来源多了约定之外的栏目，意思不明，这一批整个没有生效。",
        "请核实新栏目的含义（见“系统记录”）；需要采用时，由运维人员补进对照表。",
    ),
    HoldReason.fast_forward: Reason(
        "版本号跳得太多",
        "版本号一次跳过了一千多个，这一批整个没有生效。",
        "请向来源核实版本号为什么跳跃。",
    ),
    HoldReason.flapping: Reason(
        "状态来回变",
        "同一家机构的状态一周内反复变化，最近的变化没有生效。",
        "请向来源核实这些机构现在的真实状态。",
    ),
    HoldReason.renamed: Reason(
        "名称完全变了",
        "机构的新名称与原名称毫无相同之处，可能填到了别家的行里，变更没有生效。",
        "请核对是真的更名，还是行错位；真的更名再同意。",
    ),
    HoldReason.conflict: Reason(
        "两个来源说法不一",
        "同一级别的两个来源对这些机构说法不同，有分歧的内容暂不采信。",
        "请向两个来源核实哪一个正确；同意表示采信本来源的说法。",
    ),
    HoldReason.clock: Reason(
        "日期在未来",
        "名单的日期比现在晚五分钟以上，这一批整个没有生效。",
        "请让来源校准时钟；时钟校准后会自动恢复。",
    ),
}

OTHERWISE: Final = Reason("其他原因", "这里没有这个原因的说明。", "请联系运维人员。")
"""For a word that a newer release wrote; the words of this one are all above."""


def row_reason(word: str) -> Reason:
    """Return why a row was set aside."""
    return ROWS[RowFault(word)] if word in RowFault.__members__ else OTHERWISE


def batch_reason(word: str) -> Reason | None:
    """Return why a batch was refused whole; None where the word is no such reason."""
    return BATCHES[BatchFault(word)] if word in BatchFault.__members__ else None


def hold_reason(word: str) -> Reason:
    """Return why something waits for two persons."""
    return HOLDS[HoldReason(word)] if word in HoldReason.__members__ else OTHERWISE
