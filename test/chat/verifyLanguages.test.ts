/**
 * Answers in the language of the question: figures as they are written there, and claims by the words of that language. Each is what a person who read the
 * result would say; in the second lists something is wrong.
 */
import { expect, test } from 'vitest';
import { verify } from '../../src/chat/verify.ts';
import { testStatements } from './support/heldStatements.ts';
import { officeFacts as facts } from './support/officeFacts.ts';

const BORNE_OUT = [
  'Ja, es gibt ein ernstes Problem: 10.0.0.66 hat in 38 Sekunden 412 TCP-Ports auf 10.0.0.30 abgefragt [frame 6012].',
  'Die Aufnahme dauert etwa 12 Minuten und enthält rund 12.483 Pakete (8,4 MB) von 7 Adressen.',
  'Die Aufnahme enthält 12,483 Pakete und 8.4 MB.',
  'Ungefähr 49,7 % der Pakete sind TLS.',
  '10.0.0.5 hat 5,8 MB empfangen und 700 kB gesendet.',
  'Das Gerät 10.0.0.5 hat 5,8 MB empfangen und 0,7 MB gesendet, insgesamt 6,5 MB in 7.300 Paketen.',
  'Der Angreifer war 10.0.0.66, das Opfer 10.0.0.30.',
  'Das Risiko ist hoch (71/100). Es sind 3 Befunde, einer davon hoch.',
  '| Gerät | Gesendet | Empfangen |\n|---|---:|---:|\n| 10.0.0.5 | 700 kB | 5,8 MB |\n| 93.184.216.34 | 5,6 MB | 300,1 kB |',
  'Die Verbindung tcp:4 lief von 02:22:10 bis 02:30:10 und dauerte 480 Sekunden.',
  'Es wurden 40 von 41 Prüfungen durchgeführt.',
  'Der Mitschnitt ist vom 23.11.2026 und dauert 12 Minuten.',
  'Die Dauer ist 723,56 s, es sind mehr als 12.000 Pakete.',
  'Sie sollten 10.0.0.66 innerhalb von 24 Stunden sperren.',
  'La capture dure environ 12 minutes et contient 12 483 paquets (8,4 Mo).',
  '10.0.0.66 a essayé 412 ports TCP sur 10.0.0.30 en 38 secondes, et 405 étaient fermés.',
  'L’hôte 10.0.0.5 a reçu 5,8 Mo et envoyé 700 ko.',
  'Plus de 12 000 paquets ont été enregistrés. La moitié, 6 200 paquets (49,7 %), est en TLS.',
  'Le risque est de 71/100.',
  'La captura contiene 12.483 paquetes y 440 conversaciones TCP.',
  '10.0.0.5 recibió 5,8 MB y envió 0,7 MB.',
  'El riesgo es alto (71/100) y hay 3 hallazgos en la captura.',
  'La cattura contiene 12.483 pacchetti e dura circa 12 minuti.',
  'A captura contém 12.483 pacotes e 440 conversas TCP com 7 endereços.',
  'De opname bevat 12.483 pakketten en duurt ongeveer 12 minuten.',
  'Запись содержит 12 483 пакета, 49,7 % из них TLS.',
  'Plik zawiera 12 483 pakiety i ma 8,4 MB; są też błędy.',
  'このキャプチャには12,483個のパケットがあります。',
];

const INVENTED = [
  'Die Aufnahme enthält 13.483 Pakete.',
  'Die Aufnahme enthält rund 9,4 MB in 12.483 Paketen und ist lang.',
  '10.0.0.5 hat 700 kB empfangen und 5,8 MB gesendet.',
  'Der Angreifer war 10.0.0.30.',
  'Es dauerte 83 Sekunden.',
  'Das Risiko ist niedrig und die Lage ist gut.',
  '10.0.0.9 ist der Angreifer und das ist schlecht.',
  'Fast 9 MB waren TLS, und der Rest war etwas anderes.',
  'La capture contient 21 483 paquets et dure 12 minutes.',
  'L’attaquant est 10.0.0.30 et la victime est 10.0.0.66.',
  'La captura contiene 140 conversaciones TCP y es larga.',
  '10.0.0.5 recibió 0,7 MB y envió 5,8 MB.',
  'La cattura contiene 13.483 pacchetti e dura circa 12 minuti.',
  'A captura contém 12.483 pacotes e 140 conversas TCP.',
  'De opname bevat 13.483 pakketten en duurt ongeveer 12 minuten.',
  'Запись содержит 13 483 пакета.',
  'Plik zawiera 13 483 pakiety i ma 8,4 MB; są też błędy.',
];

testStatements(BORNE_OUT, INVENTED);

test('the mark stands behind the claim as it was written, and the list quotes it so', () => {
  const { text, unchecked } = verify('Die Aufnahme enthält rund 9,4 MB in 12.483 Paketen und dauert 83 Sekunden.', facts);
  expect(text).toBe('Die Aufnahme enthält rund 9,4 MB (?) in 12.483 Paketen und dauert 83 Sekunden (?).');
  expect(unchecked).toEqual(['9,4 MB', '83 Sekunden']);
});

test('a row under a text in another language is read as that text is', () => {
  const row = '| 10.0.0.5 | 0,7 MB | 5,8 MB |';
  expect(verify(`Am meisten sprach:\n\n| Adresse | Gesendet | Empfangen |\n|---|---|---|\n${row}\n`, facts).unchecked).toEqual([]);
});
