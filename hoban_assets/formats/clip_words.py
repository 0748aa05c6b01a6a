"""Words and marks in file names that tell frames of a film, copies and augmentations."""

from __future__ import annotations

import re

ORIGINAL = re.compile(r"[_.-](?:jpe?g|png|bmp|webp|tiff?)$", re.IGNORECASE)
BRACKETS = re.compile(r"\s*\((\d{1,4})\)$")
COPY = re.compile(
    r"(?:\s*-\s*복사본|[\s_-]+(?:복사본|사본|copy|copia|kopie)|\s+-\s+copy)(?:[\s_-]*\(?\d{1,3}\)?)?$"
    r"|[\s_.-]+(?:[hv]?flip(?:ped)?(?:[_-]?(?:[hvxy]|lr|ud))?|mirror(?:ed)?|rot(?:ate[d]?)?[_-]?\d{0,3}"
    r"|aug(?:mented|mentation)?|bright(?:ness|er)?|dark(?:er)?|blur(?:red)?|noise|noisy|crop(?:ped)?"
    r"|gr[ae]y(?:scale)?|hsv|contrast|mosaic)(?:[_-]?\d{1,4})?$",
    re.IGNORECASE,
)
COPY_BEFORE = re.compile(
    r"^(?:[hv]?flip(?:ped)?|mirror(?:ed)?|rot(?:ate[d]?)?[_-]?\d{0,3}|aug(?:mented|mentation)?"
    r"|bright(?:ness|er)?|dark(?:er)?|blur(?:red)?|noise|noisy|gr[ae]y(?:scale)?|hsv|contrast)"
    r"(?:[_-]?\d{1,4})?[_-]+(?=.*[^\W_])",
    re.IGNORECASE,
)
VIDEO = re.compile(
    r"^(.*?[A-Za-z0-9가-힣)\]][._ -](?:mp4|avi|mov|mkv|wmv|webm|m4v|mpe?g|flv|3gp|mts|ts))"
    r"(?=[._ #(\[@=-]).*\d",
    re.IGNORECASE,
)
SUFFIX = re.compile(
    r"[._ -](?:mp4|avi|mov|mkv|wmv|webm|m4v|mpe?g|flv|3gp|mts|ts)[._ #(\[@=-]", re.I
)
FILM = re.compile(r"\.(?:mp4|avi|mov|mkv|wmv|webm|m4v|mpe?g|flv|3gp|mts|ts)$", re.IGNORECASE)
ANY_MARK = re.compile(
    r"\(|cop[yi]|kopie|본|flip|mirr|rot|aug|bright|dark|blur|nois|crop|gr[ae]y|hsv|contr|mosa", re.I
)
"""Quick looks that spare most names the exact ones."""
MOVING = """
frame frames frm cam camera cctv ipcam webcam video vid clip seq sequence stream movie rec ch
channel nvr dvr dashcam blackbox burst youtube vlcsnap mpv
프레임 카메라 캠 영상 비디오 동영상 클립 채널 블랙박스 녹화 연속
"""
ANY_PHOTOGRAPH = """
img image images dsc dscn dscf dscnn dji pic pict picture photo photos p pxl mvimg gopr gh sam wp
win screenshot kakaotalk whatsapp scan sdc cimg imag wa capture snow soda foodie cymera lrm myxj
photogrid telegram line album band facebook fb instagram snapchat download unnamed am pm
사진 이미지 그림 캡처 스크린샷 화면 오전 오후 앨범 다운로드 밴드
"""
ALL_OF_IT = frozenset({"scene", "out", "output", "still", "thumb", "shot", "snap", "snapshot"})
"""What programs that take films apart call frames; words for photographs too, beside others."""
MOVING_ENDS = ("cam", "video", "cctv", "영상", "카메라", "프레임", "비디오", "클립", "블랙박스")
"""Ends of words for what moves: bodycam, 작업장영상."""
ADDRESS = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
"""IP address of a camera, in the names that its recorder writes."""
BEFORE = re.compile(r"^(\d{1,12})[\s._-]+(.+)$")
"""A number before the rest of a name."""
UPLOADED = re.compile(r"^[0-9a-f]{8}-(?=.*[g-z가-힣])")
"""What Label Studio writes before the names of files that it was given."""
WORDS, NOT_SPECIFIC = frozenset(MOVING.split()), frozenset(ANY_PHOTOGRAPH.split())
TOKEN = re.compile(r"[^\W\d_]+")
STRUCTURE = re.compile(
    r"(?:train|training|val|valid|validation|test|images?|labels?|jpegimages|img|imgs|raw|data"
    r"|(?:train|val|test)\d{4}|원천데이터|라벨링데이터|[tv][sl](?:_.*)?|\d\.\s?(?:training|validation))",
    re.IGNORECASE,
)
HASH = re.compile(r"^[0-9a-f]{12,}$", re.IGNORECASE)
