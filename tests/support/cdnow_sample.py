"""The customers of the published 1/10 sample of CDNOW: 2,357 of the 23,570 ids. The sample follows no rule, so the ids
are listed here."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from spark_jobs.features.customer_days import EPOCH, CustomerDays

# Differences between neighbouring ids, one byte each, compressed.
_GAPS = (
    r"c-kG7*>c1>4nvEJR*KYScapkys^<T{a?taXl-;%@-~hCS{HNReBcjb`Qta-DbMy49$+tF%_t|Rn-(ZgzOL@z`g=e!n*4mfUI"
    r"ko&Aere|u>6oqg!w=1IE|<cAx0HBeQzxHNwajF_%puNYN~*rMtQ39dqB7aAxN0jkGb!!f%FNj$u{>=rvFz7{!rB@$a{MjPLo"
    r"*fObmqO}N@7~<9-irMB>LsmslIhe=P0oVr)asPte$;7&st+Wwd$*kebLFi);(#Bk^=8ODw0xREWC`nX#VJ>RE>h4t53d0gR)"
    r"v3FOMOkyK-548fmNLF>cya!gwD1msWiCxO7cBY0Q_WHHu?BrK2^@a@~@XR@*o6xXJcsEvC2RdRI%@us69=+c<69XIHH=5^k)"
    r"6!^QUeBT{)t<Pi*6I<xEDI$(z+&&;EhMu!sg{3H&TjZ1km@4R$CONFws-dPiSPNnB~cdoB)#li4nO5P>g56iE-t;L*)lR)_?"
    r"9C1Ua^m#^$+iRC5r9w}8)|oqGFJM6R==p<FYnGlyDaxxvZ&7FZq_$#P!@Z&Zyo(>s*7N+ykzL-gdgi6#(%(<xTDj(-S<lzhF"
    r"@3oVcv*Xqe{*d-RZAu;VT=<GQd#<1sgcI9aHzRf>$hTM`@+f=nVZbl@JzkMX}=4%erv2Z22n0?KegTcA`@ag2y9>(4l_N2ZY"
    r"yd2+egK+hgY7X%tz@brZK~nQl^*D(iBTO!EsBLp$)t!@6^(Y_Q?Qas{bbU4_R2&)Hi?u;CzqiFFk8d86UA#z^jf-ZKhUhO;X"
    r"6xEIGj3TR<NooO=hO*=U-|Kn!8bxB|q*lLyK1eKwc;136P`d9<Bv1C(9r-hSq|jz2nL^H5rrd_3y14qjn{;r(8pzXOkwI-NT"
    r"_$ttPj!Z}YXmia`LTo({32as%?jk7p>?UsoXrFElpq11-PzYp~BpN~Xs>y!O=r<@&aMCZ^Rx*^tKd+?kw@zEqLd{1ER)mywi"
    r"_-qef0};VC?8&$t+0Ia{C3yWNAVZoA?%(9-F0Lu10N_+>Zz;#oUMYU`K`%6gcW`Ya1e9y*ip&yr(FP=KI2VmO*9G4V#~5BF9"
    r"^y59#1xt(h#iY<;8$15U9KXCcSpXL#o%eLXjQ0d?ow^hLojiIx&^LsP}%R9?u0FBm5U3dBrsizrgkc4GWwFWyTP?FKU>Hk^^"
    r"{hwrSr>vHgF?PbG^kz6x&p7GKG8wy8Vy4iT|K&QPY#yzJ1!$^alhHJTMlR%Sby)6s_Z%pd0+qJ8KWSt?e^LK|}T=d`;wCc++"
    r"4F`gRD?ej-{;k<ozxOxJ_vJJw8T&fToEVQu7gc95g3M<}OQc}3Q$!Xx>Fs4t=Ob}8Ba=0y&@_VmEdwU8F{b-K2`Em!KfXslt"
    r"DN`pRkaxb4+<e!;!5{3)*SrGcr_FNegXhIRo5~F~#g-e3LfgSX-v8}j!pmPMnX@H<-ego65)(k(kdPPvrDtI*pCx_Snv-*vt"
    r"tEM9#a5I~4nQE)mfd;Gy;p8uwK)h8st<SM#!_{xfekLaH!jL)=KHM;C!96S2(PJS}=1}Xm0tOe+j@~d2D6t|Se$tNGgq!<YS"
    r"?BfQ$VP9g+1QwpjT`TRIl&i1)IqPw7=9qQbW9Gc6ez8cCZlvv{slw1VC<nP11)zPg9QujzBD5;`}r}!7lq4L056r@16j}f0H"
    r"PK5+X40?A8A~wE^oDK`i`h)Iob)Od3fNHp<~NPK%fI`Pb59?O+tk3i8I$X5WTkP$cM)li7K)Gyysq`6^wRN&fTU4_N7Y0aQH"
    r"aJXrL=x3qB>Zu)a)4_h5)MP#Qi?LZ|nv5V;{43m+@!C!i|q{{s?XToM"
)


def ids() -> np.ndarray:
    """Returns the ids in ascending order."""
    return np.cumsum(np.frombuffer(zlib.decompress(base64.b85decode(_GAPS)), np.uint8).astype(int))


def customers(folder: Path) -> pd.DataFrame:
    """Returns the 1/10 sample up to 1997-09-30: x, t_x and T in weeks, and the mean value of repeat days."""
    days = _days(folder)
    first = days.groupby("customer_id").date.transform("min")
    groups, repeats = days.groupby("customer_id").date, days[days.date > first].groupby("customer_id")
    return pd.DataFrame(
        {
            "x": groups.size() - 1.0,
            "t_x": (groups.max() - groups.min()).dt.days / 7,
            "T": (pd.Timestamp("1997-09-30") - groups.min()).dt.days / 7,
            "z": repeats.dollar_value.mean(),
        }
    ).fillna({"z": 0.0})


def customer_days(folder: Path) -> CustomerDays:
    """Returns the 1/10 sample up to 1997-09-30 as arrays."""
    days = _days(folder)
    first, money = np.flatnonzero(~days.customer_id.duplicated()), days.dollar_value.to_numpy()
    return CustomerDays(first, (days.date - pd.Timestamp(EPOCH)).dt.days.to_numpy(), money, money > 0)


def _days(folder: Path) -> pd.DataFrame:
    orders = pd.read_csv(folder / "cdnow.txt", sep=r"\s+")
    orders["date"] = pd.to_datetime(orders.date.astype(str), format="%Y%m%d")
    kept = orders[orders.customer_id.isin(ids()) & (orders.date <= "1997-09-30")]
    return kept.groupby(["customer_id", "date"], as_index=False).dollar_value.sum()
