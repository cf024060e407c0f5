"""The events and leads that the API starts with."""

# id, name, venue, city, date, capacity
EVENTS = (
    ("aurora-2026", "Aurora Design Summit", "Harpa Concert Hall", "Reykjavík", "2026-12-03", 1600),
    ("cloudbridge-2027", "Cloudbridge", "RAI Convention Centre", "Amsterdam", "2027-01-21", 8200),
    ("medtech-north-2027", "MedTech North", "Bella Center", "Copenhagen", "2027-02-11", 3400),
    ("payforward-2027", "PayForward", "Tobacco Dock", "London", "2027-02-25", 2100),
    ("grid-and-green-2027", "Grid & Green", "Messe Wien", "Vienna", "2027-03-17", 5600),
    ("open-harbour-2027", "Open Harbour Days", "Altona Cruise Hall", "Hamburg", "2027-04-08", 900),
    ("retail-reverse-2027", "Retail, Reversed", "Fira Gran Via", "Barcelona", "2027-05-19", 12000),
    ("quiet-software-2027", "Quiet Software", "Kulturhuset", "Stockholm", "2027-06-02", 450),
)

# event, name, company, score, note
LEADS = (
    ("aurora-2026", "Inga Sveinsdóttir", "Nordlys Studio", "hot", "Wants a pilot before spring."),
    ("aurora-2026", "Marco Bellini", "Forma Nova", "warm", "Asked for the case study on kiosks."),
    ("aurora-2026", "Priya Raman", "Lumen & Co", "cold", ""),
    ("cloudbridge-2027", "Daan de Wit", "Kanaal Systems", "hot", "Decides in February, two sites."),
    ("cloudbridge-2027", "Amélie Laurent", "Passerelle", "warm", "Procurement joins next time."),
    ("cloudbridge-2027", "Tomasz Zieliński", "Chmura", "warm", ""),
    ("medtech-north-2027", "Freja Holm", "Sundhed Digital", "hot", "Needs the audit trail first."),
    ("payforward-2027", "Oluwaseun Adeyemi", "Tally", "warm", "Met at the panel on refunds."),
    ("payforward-2027", "Charlotte Finch", "Finch & Marlowe", "cold", ""),
    ("grid-and-green-2027", "Lukas Gruber", "Alpenstrom", "hot", "Send prices for forty scanners."),
    ("retail-reverse-2027", "Núria Puig", "Segona Vida", "warm", "Likes the offline mode."),
    ("quiet-software-2027", "Elin Åkesson", "Tyst", "cold", "Only if it runs on the train."),
)
