"""Files that are no orders and no ad spend: no shipped mapping reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from clv.core.settings import Settings
from clv.sources.guessing.fitting import guess

FILES = {
    "weather": "date,station,tmin,tmax,rain\n2024-05-01,Oslo,3.1,11.4,0\n",
    "contacts": "First Name,Last Name,Email,Phone,Tags\nAnn,Person,ann@x.test,,vip\n",
    "employees": "id,name,email,hired_on,salary,department\n7,Ann,ann@x.test,2020-01-02,41000,Sales\n",
    "bank statement": "Date,Description,Amount,Currency,Balance\n2024-05-01,Rent,-900.00,EUR,1200.50\n",
    "bank statement, German": "Buchungstag;Verwendungszweck;Betrag;Saldo\n01.05.2024;Miete;-900,00;1.200,50\n",
    "payouts": "id,Type,Arrival Date,Amount,Currency,Destination\npo_1,bank,2024-05-02,812.10,usd,acct\n",
    "balance": "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC)\ntxn_1,charge,ch_1,50,1.75,48.25,usd,2024-05-01\n",
    "invoices to pay": "Invoice,Supplier,Due,Amount\nR-17,Paper Ltd,2024-06-01,120.00\n",
    "stock": "sku,warehouse,on_hand,reserved,updated_at\nM1,North,12,2,2024-05-01T10:00:00\n",
    "products": "Handle,Title,Vendor,Type,Tags,Published,Variant SKU,Variant Price\nmug,Mug,Acme,Cups,,true,M1,9.90\n",
    "newsletter": "Email Address,First Name,MEMBER_RATING,OPTIN_TIME\na@x.test,Ann,3,2024-05-01\n",
    "survey": "Respondent,Started,Score,Comment\n1,2024-05-01 10:00,9,Good\n",
    "web traffic": "Session primary channel group,Sessions,Engaged sessions,Total revenue\nOrganic,120,80,340.10\n",
    "page views": "timestamp,user_id,page,referrer\n2024-05-01T10:00:00,u1,/mugs,google\n",
    "sessions": "session_id,user_id,started_at,device,channel\ns1,u1,2024-05-01T10:00:00,phone,search\n",
    "flights": "flight,origin,destination,departure,delay\nSK1,OSL,CPH,2024-05-01 10:00,4\n",
    "exchange rates": "date,currency,rate\n2024-05-01,USD,0.93\n",
    "share prices": "Date,Open,High,Low,Close,Volume\n2024-05-01,10,11,9,10.5,1000\n",
    "support tickets": "ticket_id,customer_id,opened_at,status,subject\nT1,c1,2024-05-01,open,Where is it\n",
    "reviews": "review_id,order_id,score,created_at\nr1,o1,5,2024-05-01\n",
    "carts left": "cart_id,customer_id,created_at,items,abandoned\nk1,c1,2024-05-01,3,true\n",
    "returns": "rma,order_id,reason,received_on\nA1,o1,too small,2024-05-09\n",
    "coupons": "code,percent,valid_from,valid_to,uses\nMAY,10,2024-05-01,2024-05-31,14\n",
    "search terms": "Search term,Clicks,Impressions,CTR,Position\nmug,12,300,4%,2.1\n",
    "ad groups without cost": "Day,Campaign,Ad group,Impressions,Clicks\n2024-05-01,Mugs,Blue,300,12\n",
    "cities": "city,country,population\nOslo,NO,709000\n",
    "sensor": "time,sensor,value\n2024-05-01T10:00:00,a,1.5\n",
    "trips": "trip_id,driver,started_at,distance_km,fare\nt1,d1,2024-05-01T10:00:00,12.1,18.00\n",
    "loans": "loan_id,borrower,issued,amount,rate\nl1,b1,2024-05-01,1000,5.5\n",
    "timesheet": "Employee,Date,Project,Hours\nAnn,2024-05-01,Site,7.5\n",
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_no_shipped_mapping_reads_another_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(FILES[name])
    found = guess(path, Settings(tmp_path / "home", {}))
    assert (found.fits, found.near, found.written_otherwise) == ([], {}, {})
