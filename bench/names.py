"""Invented names for whatever is measured with."""

import random

_PLACES = ("太原", "大同", "晋中", "长治", "临汾", "运城", "忻州", "吕梁", "朔州", "阳泉")
_NAMES = ("启衡", "泽安", "云岭", "百衡", "晋原", "锦绣", "瀚海", "璟宸", "臻诚", "骏骐")
_TRADES = ("医疗科技", "市政工程", "水利水电工程", "建筑装饰工程", "信息技术", "园林绿化")
_WORKS = (
    "全自动生化免疫流水线采购项目",
    "第三污水处理厂扩建工程及配套管网设计施工总承包",
    "智慧城管平台二期软件采购",
    "中小学食堂食材配送服务采购项目",
)


def company(rng: random.Random) -> str:
    """`大同云岭信息技术有限公司`."""
    return f"{rng.choice(_PLACES)}{rng.choice(_NAMES)}{rng.choice(_TRADES)}有限公司"


def undertaking(rng: random.Random) -> str:
    """What a project is called."""
    return f"{rng.choice(_PLACES)}市{rng.choice(_WORKS)}"
