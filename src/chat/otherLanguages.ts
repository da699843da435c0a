/**
 * Answers come in the language of the question, and claims are found by English words and English figures. So a statement in another language is read
 * through a gloss: the words that say what a number is, and its figures, put into English, each with its place in the original. It is no translation; nobody sees it.
 */

/** Words that no other language has so often, the languages' own first. */
const FUNCTION_WORDS: Readonly<Record<string, string>> = {
  english: 'the of and is are was were with from to that it this has have been by for on not which',
  german: 'der die das und ist sind mit von den dem ein eine nicht wurde wurden auf für hat im zu es sich bei aus',
  french: 'le la les des et est une dans pour avec du sont été sur qui ce il au aux de en dont ont cette ces',
  spanish: 'el la los las y es en una con por del se fue que un hay al son de',
  italian: 'il lo gli della delle dei che sono con per una è di nel sul da stato',
  portuguese: 'o os as e é uma com para não foi dos da do em que há são um de',
  dutch: 'het een en van zijn met niet op de is werd naar zijn voor door',
};
const LANGUAGE_OF = new Map<string, string[]>();
for (const [language, words] of Object.entries(FUNCTION_WORDS))
  for (const word of new Set(words.split(' '))) LANGUAGE_OF.set(word, [...(LANGUAGE_OF.get(word) ?? []), language]);

/** Alphabets and letters of languages that write figures as in German, and whose words are not known here. */
const COMMA_LETTERS = /[\p{Script=Cyrillic}\p{Script=Greek}ąęłżźćńśčřšžýůěğışøåæőűțș]/u;

/** English for the words of one language; `*` ends a stem. */
const GLOSSES: Readonly<Record<string, string>> = {
  german: `paket=packet pakete=packets paketen=packets sekunde=second sekunden=seconds minute=minute minuten=minutes stunde=hour stunden=hours tag=day tage=days
    tagen=days millisekunden=milliseconds prozent=percent verbindung=connection verbindungen=connections gespräch=conversation gespräche=conversations
    gesprächen=conversations sitzung=session sitzungen=sessions adresse=address adressen=addresses gerät=device geräte=devices geräten=devices rechner=computers
    hosts=hosts ports=ports namen=names domänen=domains anfrage=query anfragen=queries antwort=answer antworten=answers befund=finding befunde=findings
    befunden=findings warnung=alert warnungen=alerts versuch=attempt versuche=attempts versuchen=attempts anmeldung=login anmeldungen=logins konten=accounts
    dateien=files aufnahme=capture mitschnitt=capture aufzeichnung=capture protokoll=protocol protokolle=protocols prüfung=check prüfungen=checks nachrichten=messages
    insgesamt=in_total gesamt=total gesamte=total gesamten=total alle=all allen=all aller=all etwa=about ungefähr=about rund=about circa=about gut=over
    mehr=more als=than über=over mindestens=at_least höchstens=at_most weniger=less fast=nearly knapp=nearly beinahe=nearly zwischen=between und=and oder=or bis=to
    pro=per je=each jede=each jeder=each durchschnittlich=average schnitt=average mittel=medium gesendet=sent gesandt=sent verschickt=sent sendete=sent hochgeladen=uploaded
    empfangen=received erhalten=received empfing=received heruntergeladen=downloaded schwelle=threshold schwellenwert=threshold höchste=highest größte=largest meisten=most
    erste=first ersten=first letzte=last letzten=last hoch=high hohe=high hohes=high mittlere=medium mittleres=medium niedrig=low niedriges=low kritisch=critical
    risiko=risk angreifer=attacker opfer=victim ziel=target quelle=source sicher=sure ist=is war=was sind=are waren=were begann=began endete=ended dauerte=lasted
    dauert=lasts sollte=should sollten=should empfehle=recommend sperren=block prüfen=check verteilt=spread offen=open geschlossen=closed`,
  french: `paquet=packet paquets=packets trame=frame trames=frames octet=byte octets=bytes o=B ko=kB mo=MB go=GB seconde=second secondes=seconds minutes=minutes
    heure=hour heures=hours jour=day jours=days connexion=connection connexions=connections conversations=conversations sessions=sessions adresse=address adresses=addresses
    appareil=device appareils=devices machines=machines hôte=host hôtes=hosts nom=name noms=names domaines=domains requête=query requêtes=queries réponse=answer
    réponses=answers alerte=alert alertes=alerts constat=finding constats=findings résultats=findings tentative=attempt tentatives=attempts fichiers=files capture=capture
    protocole=protocol protocoles=protocols vérifications=checks contrôles=checks messages=messages environ=about plus=more moins=less presque=nearly entre=between et=and
    ou=or total=total tout=all tous=all toutes=all par=per chaque=each moyenne=average envoyé=sent envoyés=sent envoyée=sent envoyées=sent reçu=received reçus=received
    reçue=received reçues=received téléchargé=downloaded téléchargés=downloaded seuil=threshold élevé=high élevée=high moyen=medium faible=low critique=critical
    risque=risk attaquant=attacker victime=victim cible=target est=is était=was sont=are étaient=were premier=first première=first dernier=last dernière=last
    devrait=should bloquez=block vérifiez=check ouverts=open fermés=closed`,
  spanish: `paquete=packet paquetes=packets trama=frame tramas=frames segundos=seconds minuto=minute minutos=minutes hora=hour horas=hours día=day días=days conexión=connection
    conexiones=connections conversación=conversation conversaciones=conversations sesiones=sessions dirección=address direcciones=addresses dispositivo=device
    dispositivos=devices equipo=computer equipos=computers puerto=port puertos=ports nombre=name nombres=names dominios=domains consulta=query consultas=queries
    respuesta=answer respuestas=answers hallazgo=finding hallazgos=findings alerta=alert alertas=alerts intento=attempt intentos=attempts archivos=files captura=capture
    protocolo=protocol protocolos=protocols comprobaciones=checks mensajes=messages unos=about unas=about aproximadamente=about alrededor=about más=more menos=less
    casi=nearly entre=between y=and o=or total=total todos=all todas=all por=per cada=each promedio=average enviado=sent enviados=sent enviadas=sent envió=sent
    recibido=received recibidos=received recibidas=received recibió=received descargó=downloaded subió=uploaded umbral=threshold alto=high alta=high medio=medium bajo=low
    baja=low crítico=critical riesgo=risk atacante=attacker víctima=victim objetivo=target es=is fue=was son=are fueron=were primer=first primero=first último=last
    debería=should bloquee=block compruebe=check abiertos=open cerrados=closed`,
  italian: `pacchetto=packet pacchetti=packets trame=frames secondi=seconds minuto=minute minuti=minutes ora=hour ore=hours giorni=days connessione=connection connessioni=connections
    conversazione=conversation conversazioni=conversations sessioni=sessions indirizzo=address indirizzi=addresses dispositivo=device dispositivi=devices porta=port
    porte=ports nome=name nomi=names richieste=queries risposte=answers avvisi=alerts tentativi=attempts cattura=capture protocollo=protocol protocolli=protocols
    controlli=checks circa=about più=more meno=less quasi=nearly tra=between e=and o=or totale=total tutti=all tutte=all ogni=each media=average inviato=sent inviati=sent
    ricevuto=received ricevuti=received scaricato=downloaded soglia=threshold alto=high basso=low critico=critical rischio=risk attaccante=attacker vittima=victim è=is
    era=was sono=are primo=first ultimo=last`,
  portuguese: `pacote=packet pacotes=packets quadros=frames segundos=seconds minuto=minute minutos=minutes hora=hour horas=hours dias=days conexão=connection conexões=connections
    ligações=connections conversas=conversations sessões=sessions endereço=address endereços=addresses dispositivo=device dispositivos=devices porta=port portas=ports
    nome=name nomes=names consultas=queries respostas=answers alertas=alerts tentativas=attempts captura=capture protocolo=protocol protocolos=protocols
    verificações=checks cerca=about aproximadamente=about mais=more menos=less quase=nearly entre=between e=and ou=or total=total todos=all todas=all por=per cada=each
    média=average enviou=sent enviados=sent recebeu=received recebidos=received limite=threshold alto=high baixo=low crítico=critical risco=risk atacante=attacker
    vítima=victim é=is foi=was são=are primeiro=first último=last`,
  dutch: `pakket=packet pakketten=packets seconde=second seconden=seconds minuut=minute minuten=minutes uur=hours dagen=days verbinding=connection verbindingen=connections
    gesprekken=conversations sessies=sessions adres=address adressen=addresses apparaat=device apparaten=devices poort=port poorten=ports naam=name namen=names
    verzoeken=queries antwoorden=answers bevindingen=findings waarschuwingen=alerts pogingen=attempts opname=capture protocol=protocol protocollen=protocols
    controles=checks ongeveer=about circa=about meer=more dan=than minder=less bijna=nearly tussen=between en=and of=or tot=to totaal=total alle=all per=per elke=each
    gemiddeld=average verzonden=sent verstuurd=sent ontvangen=received gedownload=downloaded drempel=threshold hoog=high gemiddelde=medium laag=low kritiek=critical
    risico=risk aanvaller=attacker slachtoffer=victim zijn=are eerste=first laatste=last`,
  other: `запись=capture записи=capture захвата=capture дампа=capture всего=total мб=MB кб=kB гб=GB байт=bytes секунд=seconds секунды=seconds минут=minutes минуты=minutes часа=hours часов=hours пакет=packet пакета=packets пакетов=packets
    порт=port порта=ports портов=ports адресов=addresses хостов=hosts около=about`,
};

/** Two words that are one in English, in the languages that have no word for "than". */
const PHRASES: readonly (readonly [RegExp, string])[] = [
  [/^(?:plus|más|più di|più|mais) (?:de|di|do que) (?=\d)/iu, 'more than '],
  [/^(?:moins|menos|meno) (?:de|di|do que) (?=\d)/iu, 'less than '],
  [/^(?:près|cerca|alrededor|autour) (?:de|di) (?=\d)/iu, 'about '],
  [/^(?:au moins|al menos|almeno|pelo menos|minstens) (?=\d)/iu, 'at least '],
  [/^(?:au plus|como máximo|al massimo|no máximo|hoogstens) (?=\d)/iu, 'at most '],
  [/^(?:en tout|en total|au total|in tutto|in totaal|em total|ao todo)(?!\p{L})/iu, 'in total'],
];

const WORDS = new Map(
  Object.entries(GLOSSES).map(([language, text]) => [
    language,
    new Map(text.split(/\s+/).map((pair) => pair.split('=') as [string, string]).map(([word, english]) => [word, english.replaceAll('_', ' ')])), // prettier-ignore
  ]),
);

/** Words of one language, or of two, that are none of English. */
for (const [language, words] of WORDS)
  for (const [word, english] of words) {
    const others = LANGUAGE_OF.get(word) ?? [];
    if (word.length >= 4 && word !== english && word !== 'plus' && !others.includes(language)) LANGUAGE_OF.set(word, [...others, language]);
  }

export type Language = string;

/** Of a piece of text, `before` where it does not tell; `other` for one that writes figures with a comma and whose words are hardly known. */
export function languageOf(text: string, before: Language): Language {
  const hits = new Map<string, number>();
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu))
    for (const language of LANGUAGE_OF.get(word) ?? []) hits.set(language, (hits.get(language) ?? 0) + 1);
  const [[best, most] = ['', 0], [, second] = ['', 0]] = [...hits].sort((a, b) => b[1] - a[1]);
  if (most > second && (most >= 2 || (hits.get('english') ?? 0) === 0)) return best;
  return COMMA_LETTERS.test(text) ? 'other' : before;
}

export interface Gloss {
  readonly text: string;
  /** Places of the original: of the beginning, and of the end, of what stands there in the gloss. */
  from(at: number): number;
  to(at: number): number;
}

/** `12.483`, `12 483`, `8,4`: figures of most of the world. Addresses are no figures. */
const FIGURES =
  /(?<![\p{L}\d.,:/_-])(?!\d{1,3}(?:\.\d{1,3}){3}(?![\d]))(\d{1,3}(?:[. \u00A0\u202F'’]\d{3})+(?!\d)|\d+)(?:,(\d+))?(?![\d]|,\d|\.\d|:\d|\/\d)/gu;

/** Null where nothing has to be put differently. `figures`: whether a comma is taken for the decimal sign. */
export function glossOf(text: string, language: Language, figures: boolean): Gloss | null {
  const words = WORDS.get(language),
    parts: { readonly from: number; readonly to: number; readonly text: string }[] = [];
  if (figures)
    for (const match of text.matchAll(FIGURES)) {
      const [all, whole = '', decimals] = match,
        english = `${whole.replace(/\D/g, ',')}${decimals === undefined ? '' : `.${decimals}`}`;
      if (english !== all) parts.push({ from: match.index, to: match.index + all.length, text: english });
    }
  if (words !== undefined)
    for (const match of text.matchAll(/(?<![\p{L}\d._@/-])\p{L}+(?![\p{L}\d_@/]|\.\p{L}|-\d)/gu)) {
      const rest = text.slice(match.index, match.index + 40),
        [pattern, phrase] = PHRASES.find(([each]) => each.test(rest)) ?? [];
      if (pattern !== undefined) parts.push({ from: match.index, to: match.index + pattern.exec(rest)![0].length, text: phrase! });
      else {
        const english = words.get(match[0].toLowerCase());
        if (english !== undefined && english !== match[0]) parts.push({ from: match.index, to: match.index + match[0].length, text: english });
      }
    }
  if (parts.length === 0) return null;
  const starts: number[] = [],
    ends: number[] = [];
  let gloss = '',
    at = 0;
  const copy = (to: number): void => {
    for (; at < to; at++) {
      gloss += text[at]!;
      starts.push(at);
      ends.push(at + 1);
    }
  };
  for (const part of parts.sort((a, b) => a.from - b.from)) {
    if (part.from < at) continue;
    copy(part.from);
    gloss += part.text;
    for (let i = 0; i < part.text.length; i++) {
      starts.push(part.from);
      ends.push(part.to);
    }
    at = part.to;
  }
  copy(text.length);
  return { text: gloss, from: (place) => starts[place] ?? text.length, to: (place) => (place === 0 ? 0 : (ends[place - 1] ?? text.length)) };
}
