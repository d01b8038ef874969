"""What languages are called in each of the exam's languages."""

_TABLE = """
en; English; Englisch; engelska; inglés; anglais; 英语/英文
de; German; Deutsch; tyska; alemán; allemand; 德语/德文
sv; Swedish; Schwedisch; svenska; sueco; suédois; 瑞典语/瑞典文
es; Spanish/Castilian; Spanisch; spanska; español/castellano; espagnol/castillan; 西班牙语/西班牙文/西语
fr; French; Französisch; franska; francés; français; 法语/法文
zh; Chinese/Mandarin/Simplified Chinese; Chinesisch/Mandarin; kinesiska/mandarin; chino/mandarín; chinois/mandarin; \
中文/汉语/普通话/简体中文
ja; Japanese; Japanisch; japanska; japonés; japonais; 日语/日文
ko; Korean; Koreanisch; koreanska; coreano; coréen; 韩语/韩文/朝鲜语
ru; Russian; Russisch; ryska; ruso; russe; 俄语/俄文
it; Italian; Italienisch; italienska; italiano; italien; 意大利语/意大利文
pt; Portuguese; Portugiesisch; portugisiska; portugués; portugais; 葡萄牙语/葡萄牙文/葡语
nl; Dutch; Niederländisch/Holländisch; nederländska/holländska; neerlandés/holandés; néerlandais/hollandais; 荷兰语/\
荷兰文
pl; Polish; Polnisch; polska; polaco; polonais; 波兰语/波兰文
tr; Turkish; Türkisch; turkiska; turco; turc; 土耳其语/土耳其文
ar; Arabic; Arabisch; arabiska; árabe; arabe; 阿拉伯语/阿拉伯文
he; Hebrew; Hebräisch; hebreiska; hebreo; hébreu; 希伯来语/希伯来文
el; Greek; Griechisch; grekiska; griego; grec; 希腊语/希腊文
hi; Hindi; Hindi; hindi; hindi; hindi; 印地语/印地文
vi; Vietnamese; Vietnamesisch; vietnamesiska; vietnamita; vietnamien; 越南语/越南文
da; Danish; Dänisch; danska; danés; danois; 丹麦语/丹麦文
no; Norwegian/Bokmål; Norwegisch/Bokmål; norska/bokmål; noruego/bokmål; norvégien/bokmål; 挪威语/挪威文
fi; Finnish; Finnisch; finska; finés/finlandés; finnois/finlandais; 芬兰语/芬兰文
cs; Czech; Tschechisch; tjeckiska; checo; tchèque; 捷克语/捷克文
sk; Slovak; Slowakisch; slovakiska; eslovaco; slovaque; 斯洛伐克语/斯洛伐克文
hu; Hungarian; Ungarisch; ungerska; húngaro; hongrois; 匈牙利语/匈牙利文
ro; Romanian; Rumänisch; rumänska; rumano; roumain; 罗马尼亚语/罗马尼亚文
uk; Ukrainian; Ukrainisch; ukrainska; ucraniano; ukrainien; 乌克兰语/乌克兰文
hr; Croatian/Serbo-Croatian/Serbian/Bosnian; Kroatisch/Serbokroatisch/Serbisch/Bosnisch; kroatiska/serbokroatiska/\
serbiska/bosniska; croata/serbocroata/serbio/bosnio; croate/serbo-croate/serbe/bosnien; 克罗地亚语/塞尔维亚语/\
波斯尼亚语
id; Indonesian/Malay; Indonesisch/Malaiisch; indonesiska/malajiska; indonesio/malayo; indonésien/malais; 印尼语/\
印度尼西亚语/马来语
ca; Catalan; Katalanisch; katalanska; catalán; catalan; 加泰罗尼亚语/加泰罗尼亚文
sw; Swahili/Kiswahili; Suaheli/Swahili; swahili; suajili/swahili; swahili; 斯瓦希里语
et; Estonian; Estnisch; estniska; estonio; estonien; 爱沙尼亚语
lt; Lithuanian; Litauisch; litauiska; lituano; lituanien; 立陶宛语
th; Thai; Thailändisch/Thai; thailändska/thai; tailandés; thaï/thaïlandais; 泰语/泰文
eu; Basque; Baskisch; baskiska; vasco/euskera/vascuence; basque; 巴斯克语
is; Icelandic; Isländisch; isländska; islandés; islandais; 冰岛语
cy; Welsh; Walisisch; walesiska/kymriska; galés; gallois; 威尔士语
ga; Irish/Irish Gaelic/Gaelic; Irisch/Gälisch; iriska/gaeliska; irlandés/gaélico; irlandais/gaélique; 爱尔兰语
"""


def _read() -> dict[str, dict[str, tuple[str, ...]]]:
    names: dict[str, dict[str, tuple[str, ...]]] = {}
    for row in _TABLE.strip().splitlines():
        code, *by_language = row.split("; ")
        for language, forms in zip(("en", "de", "sv", "es", "fr", "zh"), by_language, strict=True):
            names.setdefault(language, {})[code] = tuple(forms.split("/"))
    return names


NAMES = _read()
"""By the language that is written in and the code of the language that is named: its names, the commonest first."""
