"""Short forms and spellings of given names that name the same person: one line a name, the first being its root.

Spellings that differ between languages stand together where people use both (a passport says Alexander, a booking
Aleksandr). A short form that belongs to several names stands with the most frequent of them.
"""

from __future__ import annotations

from profiles.models.names import telexed

_NAMES = """
aaron ron ronnie
abigail abby abbie gail
adam adan
agnes agnieszka agnese
albert al bert bertie alberto
alexander alex alec aleks aleksandr aleksander alexandre alessandro alejandro sasha sandy xander lex
alexandra alexa sandra aleksandra alessandra alejandra lexi
alfred fred alf alfredo
alice alicia ali
amanda mandy
andrew andy drew andrei andrey andreas andre andrea andrzej
angela angie angelina
anna ann anne annie ana anya hanna hannah
anthony tony antonio antoine anton antoni
antonia toni
arthur art artur arturo
barbara barb babs
benjamin ben benny benji
bernard bernie bernd bernhard bernardo
bradley brad
bridget bridie biddy brigitte birgit birgitta birgitte gitte bibbi
carl karl carlo carlos karol
catherine kate katie cathy kathy katherine kathryn cathryn catharina katharina katarina katrin catalina caterina kitty
charles charlie chuck chas carles
charlotte lottie charlie
christian kristian kris
christine chris christina kristina cristina christiane tina kirsten kristin kis kirstine kirstin
christopher kit cristobal christoph christophe christof topher
claire clare clara chiara klara
claudia klaudia
constance connie
cynthia cindy
daniel dan danny daniele
daniela danielle dani
david dave davey davide
deborah debbie deb debra
dennis denis denny
diana diane dianne di
dominic dominik dominique dom
donald don donnie
dorothy dot dottie dorothea
edward ed eddie ned ted teddy eduard eduardo edoardo
eleanor ellie nell nora eleonora leonor
elizabeth liz lizzie beth betty eliza elisabeth elisabetta elsa lisa libby bess betsy isabel isabella isabelle
emily em emmy emilia emilie
emma emmy
emmanuel manuel manny emanuel
eric erik erich
eugene gene eugen
evelyn eve evie eva
frances fran francesca franziska fanny
francis frank francesco francisco francois frankie franz paco
frederick fred freddie freddy frederic friedrich fritz federico frederik fredrik
gabriel gabe gabriele
gabriela gabrielle gabby
george georg georges giorgio jorge jorg juergen jurgen
gerald gerry jerry gerard gerhard gerardo
gertrude trudy gerti
gregory greg gregor grzegorz
gunilla nilla
gustav gustaf gustavo
harold harry hal
helen helena helene elena ellen lena
henry hank harry henri heinrich enrico enrique hendrik henrik heinz
hubert bert
ingeborg inga
irene irina
jacob jake jakob jakub jacopo
jacqueline jackie
james jim jimmy jamie jaime giacomo jem
jane jean janet janie jana
janice jan
jason jay
jeffrey jeff geoff geoffrey
jennifer jen jenny jenn
jeremy jez jeremias
jessica jess jessie
joan joanne joanna johanna jo giovanna juana
john johnny jack jon johann johannes jean ivan juan giovanni hans jan joao ian sean
jonathan jon nathan jonny
joseph joe joey josef jose giuseppe pepe
josephine josie jo josefa giuseppina
joshua josh
judith judy jude
julia julie julian juliana juliet giulia
julian jules julien giuliano
karen carin karin
katarzyna kasia
kenneth ken kenny
kevin kev
kimberly kim
krzysztof krzysiek
lars lasse
laura laurie lora
lawrence larry laurence laurent lorenzo lorenz
leonard leo len lenny leonardo leon
leslie les lesley
louis lewis lou luis luigi ludwig
louise luisa lou
lucas luke luca lukas lucasz
lucy lucia luzia
madeleine madeline maddie madelyn magdalena lena
magnus mange
malgorzata gosia
margaret maggie meg peggy marge margie greta margarete margarita margherita marguerite gretchen rita daisy
margrethe grethe grete
mark marc marco marcus markus marek marcos
martha marta
martin marty martino
mary maria marie mia molly polly mariya
matthew matt matthias mathias matteo mateo mateusz
maximilian max massimiliano
melanie mel
melissa mel missy lissa
michael mike mick mickey mikey michel michele miguel mikhail michal
michelle shelly michaela
mohammed mohamed muhammad mohammad mohamad mohd ahmed
monica monika
natalie nat natalia natasha natalya
nathaniel nate nathan nat
nicholas nick nicky nico nicolas nikolaus nikolai klaus claus niklas
nicole nikki nicola nicoletta
niels nils nisse
norman norm
oliver ollie olivier
olivia liv livvy
pamela pam
patricia pat patty trish tricia patrizia
patrick pat paddy patricio
paul pablo paolo pavel pawel
paula pauline paola
peter pete pierre pedro pietro piotr petr
philip phil phillip philipp philippe felipe filippo
priscilla cilla
rachel rachael raquel rahel
rasmus ras
raymond ray raimund
rebecca becky becca rebekka
regina gina
reginald reg reggie
richard rick ricky rich dick dickie ricardo riccardo
robert bob bobby rob robbie bert roberto robin
roberta bobbie
roger rodge rogelio
ronald ron ronnie ronaldo
rose rosie rosa rosemary rosalind
rudolf rudolph rudi rodolfo
russell russ
ruth ruthie
samantha sam sammy
samuel sam sammy
sarah sara sally sadie
sebastian seb sebastien bastian
sharon shaz
sophia sophie sofia zofia
stanley stan
stephanie steph stefanie stefania
stephen steve steven stefan stephan stefano esteban etienne
susan sue susie suzanne susanna susanne suzy
sylvia silvia silke
terence terry
teresa terry theresa tess tessa therese
theodore ted theo teddy theodor
thomas tom tommy tomas tommaso tomasz
timothy tim timmy timo
valerie val valeria
vanessa nessa
veronica ronnie veronika
victor vic viktor vittorio
victoria vicky vicki tori viktoria vittoria
vincent vince vinny vincenzo vicente
virginia ginny
walter walt wally valter
wendy wen
wilhelmina mina
william will bill billy willy liam wilhelm guillaume guillermo guglielmo
wojciech wojtek
yvonne yvette
zachary zach zack
zbigniew zbyszek
"""


def _roots() -> dict[str, str]:
    root: dict[str, str] = {}
    lines = [[telexed(name) for name in line.split()] for line in _NAMES.split("\n") if line.strip()]
    for names in lines:
        root.setdefault(names[0], names[0])
    for names in lines:
        for name in names[1:]:
            root.setdefault(name, names[0])
    return root


ROOTS = _roots()
