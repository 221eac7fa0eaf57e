"""Limits on files of projects, and the errors of a file that cannot be read at all."""

from guarantees.errors import N_, InvalidInput

MAX_BYTES = 8 * 2**20
"""A year of a province's notices in one file is 5 MiB of JSON; more comes in several files."""

MAX_PROJECTS = 2_000
"""Projects of one file: they are written in one transaction, in a few seconds."""

MAX_ROWS = 20_000
"""Rows of a table, blank ones too: 2,000 projects with ten lots each."""

MAX_COLUMNS = 100
"""Columns of a table; the template has a quarter of that."""

MAX_PROBLEMS = 200
"""Problems listed: a person mends some and tries again."""

MAX_MEMBERS = 200
"""Parts of an XLSX: a plain workbook has about ten, and some more for each sheet."""

MAX_UNPACKED = 64 * 2**20
"""Bytes of all parts of an XLSX together: 20,000 full rows take about 30 MiB of XML."""

MAX_RATIO = 200
"""Unpacked to packed size of one part: XML of real tables shrinks to a tenth, bombs to a
thousandth."""


class FileRefused(InvalidInput):
    """The file as a whole cannot be read; nothing was imported."""

    code = "file_refused"
    text = N_("文件无法读取，没有导入任何内容。")

    def __init__(self, **fields: object) -> None:
        super().__init__({"file": self.text % fields}, **fields)


class FileEmpty(FileRefused):
    code = "file_empty"
    text = N_("文件是空的（0 字节），请检查后重新选择。")


class FileTooLarge(FileRefused):
    code = "file_too_large"
    text = N_("文件有 %(size)s MB，最多 %(limit)s MB，请分成几个文件。")


class FileUnknown(FileRefused):
    code = "file_unknown"
    text = N_("不是 JSON、CSV 或 XLSX 文件（开头是 %(given)s）。请下载模板填写，或另存为其中一种。")


class FileOldExcel(FileRefused):
    code = "file_old_excel"
    text = N_("这是旧版 XLS 或加了密码的 Excel 文件，请去掉密码，用“另存为”保存为 XLSX。")


class FileEncoding(FileRefused):
    code = "file_encoding"
    text = N_("文件的文字编码无法识别，请另存为 UTF-8 编码的 CSV，或改用 XLSX。")


class FileBinary(FileRefused):
    code = "file_binary"
    text = N_("文件里有二进制内容（第 %(position)d 字节起），不是文本。请检查是否选错了文件。")


class FileBroken(FileRefused):
    code = "file_broken"
    text = N_("文件已损坏或不完整，无法打开。请重新保存一份后再试。")


class FileBomb(FileRefused):
    code = "file_bomb"
    text = N_("压缩包展开后超过限度（%(reason)s），为保护系统没有打开它。请只保留需要的工作表。")


class FileUnsafe(FileRefused):
    code = "file_unsafe"
    text = N_("文件含有 %(what)s，为保护系统没有打开它。请把数据复制到新的工作簿后另存。")


class TooManyRows(FileRefused):
    code = "too_many_rows"
    text = N_("表格超过 %(limit)d 行（含空行），请删去多余的空行，或分成几个文件。")


class TooManyProjects(FileRefused):
    code = "too_many_projects"
    text = N_("文件有 %(count)d 个项目，一次最多 %(limit)d 个，请分成几个文件。")


class NoProjects(FileRefused):
    code = "no_projects"
    text = N_("文件里没有项目：表头之下没有填写任何内容。")


class NoHeads(FileRefused):
    code = "no_heads"
    text = N_("没有找到表头：前 %(searched)d 行里应有一行写着“项目名称”等列名。请下载模板对照。")


class JsonBroken(FileRefused):
    code = "json_broken"
    text = N_("不是正确的 JSON：第 %(line)d 行第 %(column)d 列附近出错。")


class JsonTooDeep(FileRefused):
    code = "json_too_deep"
    text = N_("JSON 嵌套太深。应是一个列表，每项是一个项目。")


class JsonNumber(FileRefused):
    code = "json_number"
    text = N_("JSON 里有不能使用的数字“%(given)s”，请改为普通数字或 null。")


class JsonTwice(FileRefused):
    code = "json_twice"
    text = N_("JSON 的同一个对象里“%(key)s”出现了两次，无法判断以哪个为准。")


class JsonHalf(FileRefused):
    code = "json_half_character"
    text = N_("JSON 里有只写了一半的字符（%(character)s），请用 UTF-8 重新导出文件。")


class JsonShape(FileRefused):
    code = "json_shape"
    text = N_("JSON 应是项目的列表，或含有“projects”列表的对象。")
