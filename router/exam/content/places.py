"""Countries with their capitals and continents, and cities, in the languages of the exam."""

from collections.abc import Sequence
from dataclasses import dataclass

from router.exam.item import LANGUAGES


@dataclass(frozen=True, slots=True)
class Country:
    """A country.

    Parameters
    ----------
    grade : int
        How few people know its capital, 1 to 5.
    continent : str
        A key of `CONTINENTS`.
    of : mapping from language to str
        Its name as it stands behind "the capital of": with article or preposition where the language wants one.
    capital : mapping from language to str
        Its capital.
    """

    grade: int
    continent: str
    of: dict[str, str]
    capital: dict[str, str]

    def name(self, language: str) -> str:
        """Its bare name."""
        words = self.of[language]
        for article in _ARTICLES[language]:
            if words.startswith(article):
                return words[len(article) :]
        return words


_ARTICLES: dict[str, Sequence[str]] = {
    "en": ("the ",),
    "de": ("von ", "der ", "des ", "den "),
    "sv": (),
    "es": ("de los ", "de ", "del "),
    "fr": ("de la ", "de l'", "du ", "des ", "d'", "de "),
    "zh": (),
}

CONTINENTS: dict[str, dict[str, Sequence[str]]] = {
    "europe": {
        "en": ("Europe",),
        "de": ("Europa",),
        "sv": ("Europa",),
        "es": ("Europa",),
        "fr": ("Europe",),
        "zh": ("欧洲",),
    },
    "asia": {"en": ("Asia",), "de": ("Asien",), "sv": ("Asien",), "es": ("Asia",), "fr": ("Asie",), "zh": ("亚洲",)},
    "africa": {
        "en": ("Africa",),
        "de": ("Afrika",),
        "sv": ("Afrika",),
        "es": ("África",),
        "fr": ("Afrique",),
        "zh": ("非洲",),
    },
    "north america": {
        "en": ("North America", "the Americas", "America", "Central America"),
        "de": ("Nordamerika", "Amerika", "Mittelamerika"),
        "sv": ("Nordamerika", "Amerika", "Mellanamerika"),
        "es": ("América del Norte", "Norteamérica", "América", "América Central"),
        "fr": ("Amérique du Nord", "Amérique", "Amérique centrale"),
        "zh": ("北美洲", "北美", "美洲"),
    },
    "south america": {
        "en": ("South America", "the Americas", "Latin America"),
        "de": ("Südamerika", "Lateinamerika"),
        "sv": ("Sydamerika", "Latinamerika"),
        "es": ("América del Sur", "Sudamérica", "Suramérica", "América Latina"),
        "fr": ("Amérique du Sud", "Amérique latine"),
        "zh": ("南美洲", "南美", "拉丁美洲"),
    },
    "oceania": {
        "en": ("Oceania", "Australia"),
        "de": ("Ozeanien", "Australien"),
        "sv": ("Oceanien", "Australien"),
        "es": ("Oceanía", "Australia"),
        "fr": ("Océanie", "Australie"),
        "zh": ("大洋洲", "澳洲"),
    },
}
"""Ways to say each continent."""

# grade | continent | the country in six languages | its capital: in six languages, or in all but Chinese and in Chinese
_COUNTRIES = """
1|europe|France|von Frankreich|Frankrike|de Francia|de la France|法国|Paris,Paris,Paris,París,Paris,巴黎
1|europe|Germany|von Deutschland|Tyskland|de Alemania|de l'Allemagne|德国|Berlin,Berlin,Berlin,Berlín,Berlin,柏林
1|europe|Italy|von Italien|Italien|de Italia|de l'Italie|意大利|Rome,Rom,Rom,Roma,Rome,罗马
1|europe|Spain|von Spanien|Spanien|de España|de l'Espagne|西班牙|Madrid,马德里
1|europe|England|von England|England|de Inglaterra|de l'Angleterre|英国|London,London,London,Londres,Londres,伦敦
1|asia|Japan|von Japan|Japan|de Japón|du Japon|日本|Tokyo,Tokio,Tokyo,Tokio,Tokyo,东京
1|asia|China|von China|Kina|de China|de la Chine|中国|Beijing,Peking,Peking,Pekín,Pékin,北京
1|europe|Russia|von Russland|Ryssland|de Rusia|de la Russie|俄罗斯|Moscow,Moskau,Moskva,Moscú,Moscou,莫斯科
1|europe|Sweden|von Schweden|Sverige|de Suecia|de la Suède|瑞典|Stockholm,Stockholm,Stockholm,Estocolmo,Stockholm,斯德哥尔摩
2|europe|Austria|von Österreich|Österrike|de Austria|de l'Autriche|奥地利|Vienna,Wien,Wien,Viena,Vienne,维也纳
2|europe|Greece|von Griechenland|Grekland|de Grecia|de la Grèce|希腊|Athens,Athen,Aten,Atenas,Athènes,雅典
2|europe|Portugal|von Portugal|Portugal|de Portugal|du Portugal|葡萄牙|Lisbon,Lissabon,Lissabon,Lisboa,Lisbonne,里斯本
2|europe|Norway|von Norwegen|Norge|de Noruega|de la Norvège|挪威|Oslo,奥斯陆
2|europe|Denmark|von Dänemark|Danmark|de Dinamarca|du Danemark|丹麦|Copenhagen,Kopenhagen,Köpenhamn,Copenhague,Copenhague,哥本哈根
2|europe|Poland|von Polen|Polen|de Polonia|de la Pologne|波兰|Warsaw,Warschau,Warszawa,Varsovia,Varsovie,华沙
2|europe|Ireland|von Irland|Irland|de Irlanda|de l'Irlande|爱尔兰|Dublin,Dublin,Dublin,Dublín,Dublin,都柏林
2|africa|Egypt|von Ägypten|Egypten|de Egipto|de l'Égypte|埃及|Cairo,Kairo,Kairo,El Cairo,Le Caire,开罗
2|asia|India|von Indien|Indien|de la India|de l'Inde|印度|New Delhi,Neu-Delhi,New Delhi,Nueva Delhi,New Delhi,新德里
2|asia|South Korea|von Südkorea|Sydkorea|de Corea del Sur|de la Corée du Sud|韩国|Seoul,Seoul,Seoul,Seúl,Séoul,首尔
2|north america|Canada|von Kanada|Kanada|de Canadá|du Canada|加拿大|Ottawa,渥太华
2|north america|Mexico|von Mexiko|Mexiko|de México|du Mexique|墨西哥|Mexico City,Mexiko-Stadt,Mexico City,Ciudad de México,Mexico,墨西哥城
2|south america|Argentina|von Argentinien|Argentina|de Argentina|de l'Argentine|阿根廷|Buenos Aires,布宜诺斯艾利斯
2|europe|the Netherlands|der Niederlande|Nederländerna|de los Países Bajos|des Pays-Bas|荷兰|Amsterdam,Amsterdam,Amsterdam,Ámsterdam,Amsterdam,阿姆斯特丹
2|europe|Belgium|von Belgien|Belgien|de Bélgica|de la Belgique|比利时|Brussels,Brüssel,Bryssel,Bruselas,Bruxelles,布鲁塞尔
2|europe|Finland|von Finnland|Finland|de Finlandia|de la Finlande|芬兰|Helsinki,赫尔辛基
3|europe|Hungary|von Ungarn|Ungern|de Hungría|de la Hongrie|匈牙利|Budapest,布达佩斯
3|europe|Switzerland|der Schweiz|Schweiz|de Suiza|de la Suisse|瑞士|Bern,Bern,Bern,Berna,Berne,伯尔尼
3|europe|Turkey|der Türkei|Turkiet|de Turquía|de la Turquie|土耳其|Ankara,安卡拉
3|europe|Romania|von Rumänien|Rumänien|de Rumania|de la Roumanie|罗马尼亚|Bucharest,Bukarest,Bukarest,Bucarest,Bucarest,布加勒斯特
3|europe|Ukraine|der Ukraine|Ukraina|de Ucrania|de l'Ukraine|乌克兰|Kyiv,Kiew,Kiev,Kiev,Kiev,基辅
3|oceania|Australia|von Australien|Australien|de Australia|de l'Australie|澳大利亚|Canberra,堪培拉
3|south america|Brazil|von Brasilien|Brasilien|de Brasil|du Brésil|巴西|Brasília,巴西利亚
3|south america|Chile|von Chile|Chile|de Chile|du Chili|智利|Santiago,圣地亚哥
3|south america|Peru|von Peru|Peru|de Perú|du Pérou|秘鲁|Lima,利马
3|south america|Colombia|von Kolumbien|Colombia|de Colombia|de la Colombie|哥伦比亚|Bogotá,波哥大
3|north america|Cuba|von Kuba|Kuba|de Cuba|de Cuba|古巴|Havana,Havanna,Havanna,La Habana,La Havane,哈瓦那
3|asia|Thailand|von Thailand|Thailand|de Tailandia|de la Thaïlande|泰国|Bangkok,曼谷
3|asia|Vietnam|von Vietnam|Vietnam|de Vietnam|du Viêt Nam|越南|Hanoi,Hanoi,Hanoi,Hanói,Hanoï,河内
3|africa|Kenya|von Kenia|Kenya|de Kenia|du Kenya|肯尼亚|Nairobi,内罗毕
3|europe|Iceland|von Island|Island|de Islandia|de l'Islande|冰岛|Reykjavik,Reykjavik,Reykjavik,Reikiavik,Reykjavik,雷克雅未克
3|asia|Iran|des Iran|Iran|de Irán|de l'Iran|伊朗|Tehran,Teheran,Teheran,Teherán,Téhéran,德黑兰
3|asia|Indonesia|von Indonesien|Indonesien|de Indonesia|de l'Indonésie|印度尼西亚|Jakarta,Jakarta,Jakarta,Yakarta,Jakarta,雅加达
4|oceania|New Zealand|von Neuseeland|Nya Zeeland|de Nueva Zelanda|de la Nouvelle-Zélande|新西兰|Wellington,惠灵顿
4|africa|Morocco|von Marokko|Marocko|de Marruecos|du Maroc|摩洛哥|Rabat,拉巴特
4|africa|Nigeria|von Nigeria|Nigeria|de Nigeria|du Nigéria|尼日利亚|Abuja,阿布贾
4|africa|Ethiopia|von Äthiopien|Etiopien|de Etiopía|de l'Éthiopie|埃塞俄比亚|Addis Ababa,Addis Abeba,Addis Abeba,Adís Abeba,Addis-Abeba,亚的斯亚贝巴
4|africa|Ghana|von Ghana|Ghana|de Ghana|du Ghana|加纳|Accra,Accra,Accra,Acra,Accra,阿克拉
4|asia|Pakistan|von Pakistan|Pakistan|de Pakistán|du Pakistan|巴基斯坦|Islamabad,伊斯兰堡
4|asia|Nepal|von Nepal|Nepal|de Nepal|du Népal|尼泊尔|Kathmandu,Kathmandu,Katmandu,Katmandú,Katmandou,加德满都
4|asia|the Philippines|der Philippinen|Filippinerna|de Filipinas|des Philippines|菲律宾|Manila,Manila,Manila,Manila,Manille,马尼拉
4|europe|Bulgaria|von Bulgarien|Bulgarien|de Bulgaria|de la Bulgarie|保加利亚|Sofia,Sofia,Sofia,Sofía,Sofia,索非亚
4|europe|Croatia|von Kroatien|Kroatien|de Croacia|de la Croatie|克罗地亚|Zagreb,萨格勒布
4|europe|Slovenia|von Slowenien|Slovenien|de Eslovenia|de la Slovénie|斯洛文尼亚|Ljubljana,Ljubljana,Ljubljana,Liubliana,Ljubljana,卢布尔雅那
4|europe|Latvia|von Lettland|Lettland|de Letonia|de la Lettonie|拉脱维亚|Riga,里加
4|europe|Estonia|von Estland|Estland|de Estonia|de l'Estonie|爱沙尼亚|Tallinn,Tallinn,Tallinn,Tallin,Tallinn,塔林
4|south america|Ecuador|von Ecuador|Ecuador|de Ecuador|de l'Équateur|厄瓜多尔|Quito,基多
4|south america|Uruguay|von Uruguay|Uruguay|de Uruguay|de l'Uruguay|乌拉圭|Montevideo,蒙得维的亚
4|africa|Senegal|von Senegal|Senegal|de Senegal|du Sénégal|塞内加尔|Dakar,达喀尔
5|asia|Kazakhstan|von Kasachstan|Kazakstan|de Kazajistán|du Kazakhstan|哈萨克斯坦|Astana,阿斯塔纳
5|asia|Mongolia|der Mongolei|Mongoliet|de Mongolia|de la Mongolie|蒙古国|Ulaanbaatar,Ulan-Bator,Ulan Bator,Ulán Bator,Oulan-Bator,乌兰巴托
5|africa|Burkina Faso|von Burkina Faso|Burkina Faso|de Burkina Faso|du Burkina Faso|布基纳法索|Ouagadougou,Ouagadougou,Ouagadougou,Uagadugú,Ouagadougou,瓦加杜古
5|africa|Madagascar|von Madagaskar|Madagaskar|de Madagascar|de Madagascar|马达加斯加|Antananarivo,塔那那利佛
5|africa|Zambia|von Sambia|Zambia|de Zambia|de la Zambie|赞比亚|Lusaka,卢萨卡
5|africa|Namibia|von Namibia|Namibia|de Namibia|de la Namibie|纳米比亚|Windhoek,Windhoek,Windhoek,Windhoek,Windhoek,温得和克
5|africa|Botswana|von Botswana|Botswana|de Botsuana|du Botswana|博茨瓦纳|Gaborone,Gaborone,Gaborone,Gaborone,Gaborone,哈博罗内
5|asia|Kyrgyzstan|von Kirgisistan|Kirgizistan|de Kirguistán|du Kirghizistan|吉尔吉斯斯坦|Bishkek,Bischkek,Bisjkek,Biskek,Bichkek,比什凯克
5|asia|Bhutan|von Bhutan|Bhutan|de Bután|du Bhoutan|不丹|Thimphu,Thimphu,Thimphu,Timbu,Thimphou,廷布
5|south america|Suriname|von Suriname|Surinam|de Surinam|du Suriname|苏里南|Paramaribo,帕拉马里博
5|europe|Moldova|von Moldau|Moldavien|de Moldavia|de la Moldavie|摩尔多瓦|Chișinău,基希讷乌
5|north america|Honduras|von Honduras|Honduras|de Honduras|du Honduras|洪都拉斯|Tegucigalpa,特古西加尔巴
5|asia|Laos|von Laos|Laos|de Laos|du Laos|老挝|Vientiane,Vientiane,Vientiane,Vientián,Vientiane,万象
5|europe|North Macedonia|von Nordmazedonien|Nordmakedonien|de Macedonia del Norte|de la Macédoine du Nord|北马其顿|Skopje,Skopje,Skopje,Skopie,Skopje,斯科普里
"""  # noqa: E501


def _country(line: str) -> Country:
    grade, continent, *names, capitals = line.split("|")
    cities = capitals.split(",")
    if len(cities) == 2:
        cities = [cities[0]] * 5 + [cities[1]]
    return Country(
        int(grade), continent, dict(zip(LANGUAGES, names, strict=True)), dict(zip(LANGUAGES, cities, strict=True))
    )


COUNTRIES = tuple(_country(line) for line in _COUNTRIES.strip().splitlines())
"""Countries, the well known first."""

CITIES = {language: tuple(country.capital[language] for country in COUNTRIES[:45]) for language in LANGUAGES}
"""Well known cities by language."""
