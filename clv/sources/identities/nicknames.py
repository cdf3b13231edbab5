"""Short forms of given names in English, German and French: names that one person may use beside each other."""

from __future__ import annotations

_FORMS = """
alexander alex sascha sandy; alexandra alex sandra; andrew andy drew; andreas andi; anthony tony; antonia toni;
barbara babs barb; benjamin ben benny; bernard bernie; catherine katherine cathy kathy kate katie; charles charlie
chuck; christian chris; christina tina christine chris; christopher chris; daniel dan danny; david dave; deborah
debbie deb; donald don; dorothy dot dolly; edward ed eddie ted; elizabeth liz beth lizzie betty eliza; elisabeth
lisa elli lisbeth; emily em; frederick fred freddie; friedrich fritz; gabriele gabi; gerald gerry jerry; gregory
greg; hans johannes hannes; helen nell; heinrich heinz; isabella bella isa; jacob jake; james jim jimmy jamie;
jennifer jen jenny; jessica jess; john jack johnny; jonathan jon; joseph joe joey; josef sepp; joshua josh; judith
judy; karl charly; katharina kathi katja; kenneth ken; lawrence larry; leonard len leo; magdalena lena; margaret
maggie peggy meg; margarete grete gretel; maria mitzi; martin marty; matthew matt; matthias hias; michael mike mick
michi; nicholas nick; nikolaus klaus niko; pamela pam; patricia pat trish; patrick pat paddy; peter pete; philip
phil philipp; raymond ray; rebecca becky; richard rick dick rich; robert bob rob bobby robbie; ronald ron; samantha
sam; samuel sam sammy; sebastian basti; stephanie steph steffi; stephen steven steve; susanne susi; susan sue suzie;
theodore ted theo; therese resi; thomas tom tommy; timothy tim; ulrich uli; ursula uschi; veronica ronnie; victoria
vicky; vincent vince; walter wally; wilhelm willi; william bill will billy; wolfgang wolf; zachary zach
"""
FORMS = [frozenset(group.split()) for group in _FORMS.split(";")]


def are_forms_of_one(given: str, other: str) -> bool:
    """Whether two given names, as clv.sources.identities.normal writes them, are forms of one name."""
    return any(given in forms and other in forms for forms in FORMS)
