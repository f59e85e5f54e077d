"""Labelled lines for redaction: what must go stands between « and »; a line without any must stay as it is.

All values are made up. All of them were looked at by those who wrote the patterns.
"""

import random
import string
from collections.abc import Callable

_ALNUM = string.ascii_letters + string.digits
_HEX = "0123456789abcdef"


def labelled_lines() -> list[str]:
    """Return all lines, the same every time."""
    rng = random.Random(20261127)

    def made(length: int, alphabet: str = _ALNUM) -> str:
        body = "".join(rng.choice(alphabet) for _ in range(length - 2))
        return f"{body}{rng.choice('23456789')}{rng.choice('abcdef')}"

    values: dict[str, Callable[[], str]] = {
        "a16": lambda: made(16),
        "a20": lambda: made(20),
        "a24": lambda: made(24),
        "a32": lambda: made(32),
        "a36": lambda: made(36),
        "a40": lambda: made(40),
        "a64": lambda: made(64),
        "h32": lambda: made(32, _HEX),
        "h40": lambda: made(40, _HEX),
        "h64": lambda: made(64, _HEX),
        "U16": lambda: made(18, string.ascii_uppercase + string.digits)[:16],
        "pw": lambda: rng.choice(("Osprey!42", "kestrel-77x", "tr0ub4dor&3", "Zq9#mWv2", "gull_8831", "N1ght.Owl")),
        "d10": lambda: made(12, string.digits)[:10],
    }

    def filled(line: str) -> str:
        for name, value in values.items():
            while f"{{{name}}}" in line:
                line = line.replace(f"{{{name}}}", value(), 1)
        return line

    return [filled(line) for line in (*SECRET_LINES, *PERSONAL_LINES, *LOOK_ALIKES)]


SECRET_LINES = """
The password is «{pw}» for the night shift.
Log in as admin with password «{pw}» and change it later.
password: «{pw}»
Password = «{pw}»
PASSWORD="«{pw}»"
db_password: «{pw}»
export PGPASSWORD=«{pw}»
The passphrase was «{pw}» until May.
My password is "«correct horse battery staple»".
The Wi-Fi password is «{pw}».
user: depot / pw: «{pw}»
Das Passwort ist «{pw}» und gilt bis Freitag.
Le mot de passe est «{pw}».
La contraseña es «{pw}».
pwd=«{pw}»
The PIN is «4821».
The door PIN code is «73915».
Use pin «9042» at the gate.
curl -u depot:«{pw}» https://stock.example.test/api
curl --user depot:«{pw}» https://stock.example.test/api
wget --user=depot --password=«{pw}» https://stock.example.test
mysql -h db -u depot -p«{pw}» stock
mysqldump --password=«{pw}» stock
sshpass -p «{pw}» ssh depot@host
redis-cli -a «{a20}» ping
docker login -u depot -p «{a20}» registry.example.test
psql "postgresql://depot:«{pw}»@db.example.test/stock"
jdbc:postgresql://db.example.test/stock?user=depot&password=«{a16}»
jdbc:oracle:thin:depot/«{a16}»@db.example.test:1521:ORCL
mongodb+srv://depot:«{a16}»@cluster.example.test/stock
amqp://guest:«{a16}»@mq.example.test:5672
redis://:«{a16}»@cache.example.test:6379/0
https://depot:«{a16}»@git.example.test/repo.git
ftp://depot:«{a16}»@files.example.test
machine stock.example.test login depot password «{a16}»
//npm.example.test/:_authToken=«{a36}»
{"auths": {"registry.example.test": {"auth": "«{a40}»"}}}
Authorization: Bearer «{a40}»
Authorization: Basic «{a24}»
Authorization: Token «{h40}»
X-Api-Key: «{a32}»
x-auth-token: «{a32}»
api_key=«{a32}»
"apiKey": "«{a32}»"
api-key: «{h32}»
API key: «{h32}»
client_secret=«{a32}»
"client_secret": "«{a32}»"
access_token=«{a40}»
refresh_token: «{a40}»
AWS_SECRET_ACCESS_KEY=«{a40}»
aws_access_key_id = «AKIA{U16}»
The key is «AKIA{U16}» with «{a40}».
«ASIA{U16}» is the session key.
secret_key: «{a32}»
SECRET_KEY = '«{a40}»'
encryption_key=«{h64}»
private_key: «{h64}»
signing secret «{h32}» for the app
token: «{a40}»
TOKEN=«{a40}»
slack: «xoxb-{d10}-{d10}-{a24}»
«xoxp-{d10}-{d10}-{a24}»
«xapp-1-A0{a16}-{d10}-{h64}»
https://hooks.slack.com/services/«T0AB12CD3/B0AB12CD3/{a24}»
https://discord.com/api/webhooks/100000000000000001/«{a64}»
https://fake.webhook.office.com/webhookb2/0fa4e00f-0fa4@0fa4/IncomingWebhook/«{h32}/0fa4e00f-0000»
«ya29.{a64}»
«GOCSPX-{a24}»
«AIza{a36}»
«gsk_{a40}»
«hvs.{a64}»
«dapi{h32}»
«shpat_{h32}»
«shpss_{h32}»
«lin_api_{a40}»
«whsec_{a32}»
«AGE-SECRET-KEY-1QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7LQPZRY9X8GF2TVDW0S3JN54KHCE»
«ghp_{a36}»
«gho_{a36}»
«github_pat_{a40}»
«glpat-{a20}»
«glrt-{a20}»
«npm_{a36}»
«pypi-AgEIcHlwaS5vcmc{a64}»
«hf_{a36}»
«r8_{a40}»
«sk-proj-{a40}»
«sk-ant-api03-{a40}»
«xai-{a64}»
«pplx-{a40}»
«dckr_pat_{a24}»
«figd_{a40}»
«glsa_{a32}_1a2b3c4d»
«NRAK-{U16}A1B2C3D4E5F»
«PMAK-{h32}-{h32}»
«SG.{a20}ab.{a40}abc»
«rk_live_{a24}»
«sk_live_{a24}»
«pk_live_{a24}»
«sq0atp-{a20}ab»
«ATATT3{a64}»
«xkeysib-{h64}-{a16}»
«key-{h32}»
«dop_v1_{h64}»
«tskey-auth-{a16}-{a32}»
«sntrys_{a64}»
«pscale_tkn_{a40}»
«sbp_{h40}»
«rubygems_{h40}»
«EAACEdEose0cBA{a40}»
«ntn_{a40}ab»
«doppler.dp.pt.{a40}»
DefaultEndpointsProtocol=https;AccountName=fake;AccountKey=«{a64}{a20}==»
Endpoint=sb://fake.example.test/;SharedAccessKeyName=Root;SharedAccessKey=«{a40}=»
https://fakestore.blob.core.windows.net/in/plan.csv?sv=2024-11-04&sr=b&sp=r&sig=«{a40}%3D»
https://bucket.s3.amazonaws.com/plan.csv?X-Amz-Expires=3600&X-Amz-Signature=«{h64}»
https://api.example.test/v1/items?api_key=«{a32}»&page=2
https://api.example.test/cb?access_token=«{a40}»
otpauth://totp/Depot:mia?secret=«JBSWY3DPEHPK3PXP»&issuer=Depot
«eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ{a20}.{a40}»
recovery phrase: «apple river candle stone mirror lamp forest button window garden pencil cloud»
bot token «1234567890:AA{a32}b»
set the token to «{a40}» before the run
The secret is «{a24}».
credentials: depot:«{pw}»
wifi key «{pw}» on the board
The license key is «ABCD2-EFGH3-JKLM4-NPQR5»
""".strip().splitlines()

PERSONAL_LINES = """
Write to «mia.krann@brenn.example.org» today.
Contact: «o.marn+depot@example.co.uk»
mail «mia (at) example (dot) org» instead
Mia <«mia@example.com»>
«JOE@EXAMPLE.COM» complained.
«jörg@müller.example.de» schrieb uns.
Call «+49 30 1234567» after nine.
Call me on «+1 (415) 555-2671».
Phone «(212) 736-5000» before noon.
Mr Hale in London: «020 7946 0958»
Mobile «07911 123456» is hers.
Le gardien est joignable au «01 42 68 53 00»
Appelez le «06 12 34 56 78» le soir.
The Sydney office picks up at «(02) 9374 4000»
La oficina de Lugo responde en el «612 345 678»
Reach Ravi in Pune on «98765 43210»
A loja de Recife atende em «(81) 99123-4567»
Rufen Sie «030 23125 0» an.
Telefon: «089/12345678»
tel. «0171-1234567»
fax «+44 20 7946 0958»
WhatsApp «+55 11 91234-5678»
Text her at «415-555-2671».
Chiama il «06 6982 1234» per il custode.
IBAN «DE89 3704 0044 0532 0130 00»
Pay to «DE89-3704-0044-0532-0130-00» by Friday.
Konto «GB29NWBK60161331926819» bitte
«FR14 2004 1010 0505 0001 3M02 606» is ours.
Card «4111 1111 1111 1111» expires soon.
Visa «4012888888881881»
Amex «3782 822463 10005»
Her social security number is «078-05-1120» on the form.
SSN «219 09 9999» was used.
The National Insurance number «QQ123456C» is on the slip.
NI number: «AB 12 34 56 C»
Steuer-ID «36 574 261 809» angeben
DNI «12345678Z»
Mi NIE es «X1234567L».
CPF «390.533.447-05» do cliente
codice fiscale «RSSMRA85T10A562S»
Numéro de sécurité sociale «1 85 05 78 006 084 91»
BSN «111222333»
PESEL «44051401359»
Aadhaar «2341 2341 2346»
passport no. «C01X00T47»
The camera answers at «203.0.113.77» only.
Host «192.168.1.14» is hers.
She logged in from «84.112.9.201» at night.
The camera answers at «2001:db8:4f:1::c0de» only.
Ping «fe80::1ff:fe23:4567:890a» first.
The badge reader has the address «00:00:5e:00:53:af».
MAC «3C-22-FB-1A-9B-4D» is blocked.
Her phone has «a4:83:e7:2b:90:1c».
""".strip().splitlines()

LOOK_ALIKES = """
Passwords: never share them with the help desk.
Password policy: at least 14 characters.
The password is never sent by post.
The password must be changed every ninety days.
The password is required at every login.
password: required
The password was changed in March.
The password is stored as a hash.
Password: see the envelope in the safe.
Passphrases: longer than passwords, and easier to keep.
Forgot the password? Ask Ilse in room 214.
The PIN is printed on the back of the card.
The pin code is sent by letter.
A pin holds the two plates together.
token: required for every call to the booking service.
Set `max_tokens=2048` before the first run.
token_budget=512 and num_tokens=128 stand in the recipe.
pad_token=eos_token
The token is a brass coin that opens the locker.
Access token: expires after one hour.
An access token is valid for 3600 seconds.
tokens: 4096
tokenizer=AutoTokenizer
Secret: nobody but Mara knows the recipe.
The secret santa draw is on 9 December in the canteen.
The secret key to a good loaf is patience.
The secret is to knead it twice.
Client secret: rotate it after every audit.
API keys: rotate them every ninety days.
API key: ask the platform team.
api_key: str
api_key=None
api_key=os.environ["API_KEY"]
password=getpass()
password = input("Password: ")
Credentials: ask Ilse Brandt in room 214.
Authorization: required from both directors.
Authorization: Bearer <token>
Bearer bonds are kept in the vault.
Basic auth is off since May.
private_key: optional
Private keys: never leave the machine.
The encryption key is held by two people.
curl -u USER:PASSWORD https://stock.example.test
curl -u "$USER:$PASSWORD" https://stock.example.test/api
mysql -u root -p stock
export PASSWORD=$1
password: ${DB_PASSWORD}
password: {{ vault_password }}
https://example.test/reset-password?step=2
https://user@example.test/path is a plain address
jdbc:postgresql://db.example.test:5432/stock
The key card opens door 4821.
The key is under the mat.
Keys: 12 for the cellar, 3 for the attic.
sk-learn-compatible-estimators
The commit 9fceb02d0ae598e95dc970b74767f19372d61af8 broke it.
sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
The run id is 4a207a6c-463d-4d85-aca1-08ce636bf977.
MD5 d41d8cd98f00b204e9800998ecf8427e of the empty file
The licence is Apache-2.0.
The signature is missing on page 3.
The seed phrase of the talk was patience.
Auth is handled by the gateway.
The session lasts 30 minutes.
git checkout a8d1df0
Bot tokens: one per channel.
The cookie jar holds 40 biscuits.
Use secret sharing with a threshold of 3.
The test server listens on 127.0.0.1 and on 0.0.0.0 only.
The depot network is 10.0.0.0/8 with the mask 255.255.255.0.
The subnet 192.168.0.0/16 is reserved.
The clerk's machine runs build 10.0.22631.4460.
Chrome 120.0.6099.109 is the last that works.
The firmware is version 2.11.0.17.
Section 3.2.1.4 of the rules is new.
Chapter 12.4.2.1 treats mooring.
Release 5.10.0.3 fixed the pump.
See figure 1.2.3.4 on the left.
v1.2.3.4 is out.
IPv6 loopback is ::1.
std::vector is fine.
It began at 12:30:45 and ended at 13:00:10.
The ratio is 1:2:3:4.
The pump takes the seal with part number 555-123-4567.
Order the bearing SKF 6204-2RS1 or part 0-306-406 152.
Her ORCID is 0000-0002-1825-0097.
The handbook has the ISBN 978-3-16-148410-0.
The older one has the ISBN 0-306-40615-2.
ISSN 2049-3630
Order 4500012345678901 was paid in March.
Invoice no. 0301234567 was lost.
Ticket 020 7946 was closed.
The flood came on 2026-02-14 and again on 14.02.2027.
The tide table covers 01-02-2026 to 12-31-2026.
It weighs 10 000 000 kg.
The budget is 1 234 567 890 crowns.
They counted 98765 and 43210 steps.
Batch 20261127-0042 is fine.
Serial 612-345-678 is on the plate.
DOI 10.1000/182
RFC 2822 and RFC 5322
Flight 020 at gate 7946
Room 214, house 12, floor 3.
The population grew from 1 204 567 to 1 310 222.
1912, 1938, 1999 and 2004 were good years.
Postcode 12345-6789 is in the north.
GPS 52.520008, 13.404954
Coordinates 48 51 24 N, 2 21 03 E
EAN 4006381333931
SKU 390-533-447
Article 36 574 261
Case 2026/05/1120
The part 078-05-112 was replaced.
Version 2026.11.27
The model has 135 000 000 parameters.
Bus 61 leaves at 23 45 and 78 at 00 15.
Win32 error 0x80070005
Lot AB123456 is blocked.
The word at (the) end
Meet at dot seven.
The chess move e4 e5 was played.
Use {"max_tokens": 512, "temperature": 0.7}.
A passport is needed at the border.
The social security office opens at nine.
Card games are played on Friday.
The credit card machine is broken.
IBAN numbers have up to 34 characters.
MAC addresses identify a card.
The email field is optional.
@mia wrote the test.
pip install package@1.2.3
git@github.com:org/repo.git is the remote
The user asks for the time; answer in words.
Total: 4111 1111 of 5000
Pi is 3.14159265358979
A kilobyte has 1024 bytes.
The phone rings twice.
Call the porter at nine.
Dial 112 in an emergency.
Ring the bell 3 times.
Text is set in 12 point.
Fax machines are gone.
Mobile homes are banned.
The cell has 2 doors.
The whistle is heard at 440 Hz.
Contact sheet 12 of 36
ssn is a column name
""".strip().splitlines()
