"""What students write, as HTML: formulas and pictures are shown, and nothing of theirs runs, loads or takes long."""

import base64
import time
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from mininet_course.checks import CHAPTERS
from mininet_course.grading import content, markup
from mininet_course.grading.pack import Pack, choose

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n and more").decode()
N = 20_000


def test_words_are_rendered_as_in_a_notebook() -> None:
    made = markup.words(
        "**So** $w_1 \\le 0$:\n\n| a | b |\n|---|---|\n| 1 | ~~2~~ |\n\n$$\\frac{1}{N}$$\n\n`x < 1`"
    )
    found = BeautifulSoup(made, "html.parser")
    assert found.strong and found.td and found.s and found.code and found.code.text == "x < 1"
    assert [m["display"] for m in found.find_all("math")] == ["inline", "block"]
    assert found.find("mfrac") and found.find("msub")
    assert markup.words("costs 5$ and 6$") == "<p>costs 5$ and 6$</p>\n"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_formula_of_the_course_is_drawn(chapter: str) -> None:
    pack = Pack(folder=Path("x"), name="hw1", format="zip", points=choose([chapter]), seed=1)
    drawn = 0
    for cell in [*content.students(pack, chapter)["cells"], *content.solution(pack, chapter)["cells"]]:
        if cell["cell_type"] == "markdown":
            found = BeautifulSoup(markup.words(cell["source"]), "html.parser")
            for formula in found.find_all("math"):
                assert "\\" not in formula.text, formula
                formula.decompose()
                drawn += 1
            assert "$" not in found.text
    assert drawn > 3 or chapter == "framework"  # which has none


@pytest.mark.parametrize(
    "tex", ["\\frac{", "{" * 5000, "\\begin{matrix}", "x" * 50_000, "\\nonsense{1}", "^^", "\\left("]
)
def test_a_formula_that_is_none_is_shown_as_it_was_typed(tex: str) -> None:
    made = markup.words(f"before ${tex}$ after")
    assert made.startswith("<p>before ") and made.rstrip().endswith(("after</p>", "page.</p>"))


def test_a_picture_is_shown_only_if_it_is_in_the_notebook() -> None:
    data = {"a.png": {"image/png": PNG}, "evil.png": {"image/svg+xml": PNG, "image/png": "PHN2Zz4="}, "5": 5}
    assert f'src="data:image/png;base64,{PNG}"' in markup.words("![d](attachment:a.png)", data)
    assert f'src="data:image/png;base64,{PNG}"' in markup.words(f"![d](data:image/png;base64,{PNG})")
    for source in (
        "attachment:evil.png",
        "attachment:5",
        "attachment:no.png",
        "http://h/x.png",
        "//h/x",
        "x.png",
    ):
        for given in (data, 5, None, [1], {"no.png": 7}):
            assert "<img" not in markup.words(f"![d]({source})", given)
    assert "no.png" in markup.words("![d](attachment:no.png)", {})
    assert markup.picture("image/png", "A" * (markup.LARGEST + 1)) == ""


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=http://HOST/a>",
    "<img srcset='http://HOST/b 1x'>",
    "<svg onload=alert(1)><image href='http://HOST/c'/><script>alert(1)</script></svg>",
    "<svg><style>@import 'http://HOST/d';</style></svg>",
    "<style>body{background:url(http://HOST/e)} @import url(http://HOST/f);</style>",
    "<p style='background:url(http://HOST/g)'>p</p>",
    "<link rel=stylesheet href=http://HOST/h><link rel=prefetch href=http://HOST/h2>",
    "<iframe src=http://HOST/i></iframe><iframe srcdoc='<script>parent.hacked=1</script>'></iframe>",
    "<object data=http://HOST/j></object><embed src=http://HOST/k>",
    "<meta http-equiv=refresh content='0;url=http://HOST/l'>",
    "<base href=http://HOST/>",
    "<form action=http://HOST/m><input autofocus onfocus=alert(1)><button>go</button></form>",
    "<a href=http://HOST/n ping=http://HOST/o>n</a>",
    "<a href='javascript:hacked=1'>n</a> [n](javascript:hacked=1) [n](http://HOST/p)",
    "> [x]: javascript:hacked=1\n\n[x]",
    "- [x]: javascript:hacked=1\n\n[x]",
    "1. [x]: javascript:hacked=1\n\n[x]",
    "[a\\]b]: javascript:hacked=1\n\n[a\\]b]",
    "[x]: <javascript:hacked=1> 'y'\n\n![x]\n\n[x][]",
    "<javascript:hacked=1> <http://HOST/q> http://HOST/r",
    "[n](java&#115;cript:hacked=1) [n](&#x6A;avascript:hacked=1) [n](javascript&colon;hacked=1)",
    "[n](data:text/html;base64,PHNjcmlwdD5oYWNrZWQ9MTwvc2NyaXB0Pg==) [n](vbscript:x) [n](file:///etc/passwd)",
    "![t](http://HOST/s) ![t][u]\n\n[u]: http://HOST/t",
    "![t](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9J2FsZXJ0KDEpJy8+)",
    "<math href='javascript:hacked=1'><mtext><img src=x onerror=alert(1)></mtext><maction actiontype=statusline "
    "xlink:href='javascript:hacked=1'>a</maction></math>",
    "<math><annotation-xml encoding='text/html'><img src=http://HOST/u></annotation-xml></math>",
    "$\\href{javascript:hacked=1}{x}$ $\\text{<img src=http://HOST/v onerror=hacked=1>}$ $\\style{x:url(http://HOST/w)}{y}$",
    "$\\class{x}{y}$ $\\require{html}\\unicode{x3c}$ $\\includegraphics{http://HOST/x}$",
    "<video src=http://HOST/y autoplay poster=http://HOST/z></video><audio src=http://HOST/1 autoplay></audio>",
    "<details open ontoggle=alert(1)>d</details><marquee onstart=alert(1)>m</marquee>",
    "<table background=http://HOST/2><tr><td background=http://HOST/3>t</td></tr></table>",
    "<noscript><p title='</noscript><img src=http://HOST/4 onerror=hacked=1>'></noscript>",
    "<textarea></textarea><xmp><img src=http://HOST/5></xmp><plaintext><img src=http://HOST/6>",
    "</div></main></body></html><script>hacked=1</script>",
    "<template><script>hacked=1</script></template><portal src=http://HOST/7></portal>",
    "<body onload=alert(1) background=http://HOST/8><frameset onload=alert(1)>",
    "<p id=neuron.1 class=right name=total accesskey=x tabindex=0 onclick=alert(1) contenteditable>p</p>",
    "``` <img src=http://HOST/9>\n<script>hacked=1</script>\n```\n\n    <script>hacked=1</script>",
    "{{ 7*7 }} {% include '/etc/passwd' %}",
]
ALLOWED = markup.TEXT | markup.MATHS


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_of_a_student_s_runs_or_is_fetched(text: str) -> None:
    """By what stands in the HTML; test_pages_shown.py opens it in a browser."""
    for made in (markup.words(text), markup.code(text), markup.plain(text)):
        for element in BeautifulSoup(made, "html.parser").find_all(True):
            assert element.name in ALLOWED, made
            for name, value in element.attrs.items():
                assert not name.startswith("on") and name not in (
                    "href",
                    "style",
                    "id",
                    "srcset",
                    "background",
                ), made
                if name == "src":
                    assert markup.DATA.fullmatch(str(value)), made
                if name == "class":
                    assert "right" not in value or "cut" in value, made


@pytest.mark.parametrize(
    "unit",
    ["\n", " ", "[", "](", "*", "**a", "_a", "`", "``a`", "<", "<!--", "$", "$a", "|", "![](", "> ", "- ", "1. ", "&",
     "\\", "~~a", "[a]: b\n", "[x]\n", "<a ", "a|b\n-|-\n", "\t", "#", "<div>", "<math>", "![a](", "$$\n", "{"],
)  # fmt: skip
def test_no_text_takes_long(unit: str) -> None:
    begun = time.process_time()
    markup.words(unit * (400_000 // len(unit)))
    markup.code(unit * (400_000 // len(unit)))
    assert time.process_time() - begun < 4


def test_what_is_too_long_is_cut_and_says_so() -> None:
    for made in (markup.words("a " * N), markup.code("a\n" * N), markup.plain("a\n" * N)):
        assert (
            len(BeautifulSoup(made, "html.parser").text) < markup.LONGEST + 100
            and "20,000 more characters" in made
        )
    assert "more characters" not in markup.words("a" * markup.LONGEST)


def test_outputs_are_shown_as_text_and_pictures() -> None:
    made = markup.outputs(
        [
            {"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m <b>\x07"},
            {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line <1>", "E: v"]},
            {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": "fig"}, "metadata": {}},
            {
                "output_type": "display_data",
                "data": {"image/png": "no", "text/plain": "<fig>"},
                "metadata": {},
            },
        ]
    )
    assert "<pre>red &lt;b&gt;</pre>" in made and "line &lt;1&gt;" in made
    assert made.count("<img") == 1 and "&lt;fig&gt;" in made


@pytest.mark.parametrize("columns", [2, 30, 300, 2_000])
def test_a_table_is_not_filled_up_without_end(columns: int) -> None:
    begun = time.process_time()
    text = "a|" * columns + "\n" + "-|" * columns + "\n"
    made = markup.words(text + "x\n" * ((N - len(text)) // 2))
    assert time.process_time() - begun < 4 and made.count("<td>") < 25_000
    assert markup.words("a|b\n-|-\n" + "x|y\n" * 500).count("<td>") == 1_000
