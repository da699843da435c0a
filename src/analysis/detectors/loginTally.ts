/**
 * Logins by client, server and protocol: how many failed, how many worked, and which worked right behind many failures. What protocols say in clear is
 * taken at its word; for what is encrypted see SizedLogins. Shared by the detectors of guessing and of its success.
 */
import type { Message } from '../../pcap/dissector.ts';
import { snmpMessage, type SnmpMessage } from '../../pcap/dissectors/snmp.ts';
import { httpCredentialsMessage, httpResponseMessage } from '../../pcap/http/messages.ts';
import { loginMessage, type LoginMessage } from '../../pcap/login.ts';
import type { Packet } from '../../pcap/packet.ts';
import type { CaptureState } from '../captureState.ts';
import * as F from '../flowTable.ts';
import { FormAnswers } from './formAnswers.ts';
import { isGuessing, type GuessingOptions, type SuccessOptions } from './guessing.ts';
import { countAccepted, countFailed, MOST_SECRETS, MOST_TIMES, MOST_USERS, newPair, type LoginPair } from './loginPair.ts';
import { SizedLogins } from './sizedLogins.ts';
import { datagramEnds, endsOf, Watched, type Ends } from './watched.ts';

const MOST_PAIRS = 10_000,
  MOST_ASKING = 10_000,
  /** Refusals of an address behind which a page counts as a login that worked, for those who only count. */
  LEAST_REFUSED = 3;

type DatagramEnds = Ends & { readonly user?: string | null };

/** What one client posted into login forms of one server, or sent it as logins. Passwords are counted by their tags. */
interface Forms {
  readonly pair: LoginPair;
  readonly passwords: Map<string, Set<number>>;
  readonly users: Map<number, Set<string>>;
  mostPasswords: number;
  mostUsers: number;
  /** Pairs of user and password that had come before: who guesses has no use for them. */
  repeated: number;
  isJson: boolean;
}

/** The communities that one client tried at one device, and whether it answered. */
interface Communities {
  readonly pair: LoginPair;
  readonly isRight: Map<number, boolean>;
}

/** What one client got for the forms that it sent to one address of a server: refusals in so many words, and pages. */
interface FormAddress {
  refused: number;
  pages: number;
}

const SNMP_RESPONSE = 2,
  /** get, get-next, set, get-bulk. */
  SNMP_REQUESTS = new Set([0, 1, 3, 5]);

export class LoginTally {
  // Results of logins over HTTP are told where their credentials are asked for.
  // Who hears answers of HTTP, too, is told which of those to login forms is not like the others.
  static readonly messages: readonly string[] = [loginMessage.kind, httpCredentialsMessage.kind, snmpMessage.kind, ...SizedLogins.messages];
  readonly #noting: SuccessOptions | null;
  readonly #state: CaptureState;
  readonly #pairs = new Watched<string, LoginPair>(MOST_PAIRS);
  readonly #sized: SizedLogins;
  readonly #forms = new Watched<string, Forms>(MOST_PAIRS);
  /** Logins as the client sent them, for captures that hold its side alone. */
  readonly #sent = new Watched<string, Forms>(MOST_PAIRS);
  readonly #addresses = new Watched<string, FormAddress>(MOST_PAIRS);
  readonly #answers = new FormAnswers();
  readonly #communities = new Watched<string, Communities>(MOST_PAIRS);
  /** Who logs in over UDP or SIP, by address, port and what else tells exchanges apart: the refusal does not say it. */
  readonly #asking = new Map<string, string>();

  /** `noting`: under what a login that works is noted as guessed, while reading; null for those who do not ask. */
  constructor(noting: SuccessOptions | null, state: CaptureState) {
    this.#noting = noting;
    this.#state = state;
    this.#sized = new SizedLogins(state);
  }

  onMessage(message: Message, flow: number, p: Packet): void {
    if (httpResponseMessage.is(message)) this.#answers.answered(message, flow, p);
    else if (snmpMessage.is(message)) this.#onCommunity(message, p);
    else if (httpCredentialsMessage.is(message)) {
      if (flow >= 0 && message.scheme === 'form' && message.passwordTag !== undefined)
        this.#onSecret(this.#forms, 'http', message.user ?? '', message.passwordTag, message.isJson === true, flow, p);
    } else if (loginMessage.is(message)) this.#onLogin(message, flow, p);
    else this.#sized.onMessage(message, flow, p);
  }

  #onLogin(message: LoginMessage, flow: number, p: Packet): void {
    const ends: DatagramEnds | null = flow >= 0 && message.exchange === undefined ? endsOf(this.#state, flow) : this.#datagramLogin(message, p);
    if (ends !== null && message.result === 'sent' && flow >= 0 && message.secretTag !== undefined)
      this.#onSecret(this.#sent, message.protocol, message.user ?? '', message.secretTag, false, flow, p);
    if (ends === null || message.result === 'sent' || (message.form !== undefined && !this.#isResult(message, message.form, ends))) return;
    const user = message.user ?? ends.user ?? null;
    const pair = this.#pairs.of(`${ends.client} ${ends.server} ${ends.serverPort} ${message.protocol}`, () => newPair(message.protocol, ends, false));
    if (pair === undefined) return;
    const seconds = p.hasTime ? p.timeSeconds + p.timeNanoseconds / 1e9 : null;
    if (message.result === 'accepted' || message.result === 'answered') {
      countAccepted(pair, seconds, this.#noting, this.#noting?.failures ?? 0, {
        user,
        prove: () => (flow < 0 ? pair.successEvidence.addDatagram(p) : pair.successEvidence.add(p, flow)),
      });
      return;
    }
    countFailed(pair, { seconds, frame: p.frame }, this.#noting?.failures ?? 0);
    if (message.secretTag === undefined) pair.secrets = null;
    else if (pair.secrets !== null && pair.secrets.size < MOST_SECRETS) pair.secrets.add(`${message.secretTag} ${user ?? ''}`);
    if (flow < 0) pair.evidence.addDatagram(p);
    else pair.evidence.add(p, flow);
    if (user !== null && pair.users.size < MOST_USERS) pair.users.add(user);
  }

  /** Where forms are refused in so many words, the first page is no refusal; elsewhere a page may say anything. */
  #isResult({ result }: LoginMessage, form: string, { client, server, serverPort }: Ends): boolean {
    const address = this.#addresses.of(`${client} ${server} ${serverPort} ${form}`, () => ({ refused: 0, pages: 0 }));
    if (result === 'rejected') {
      if (address !== undefined) address.refused++;
      return true;
    }
    if (address === undefined) return false;
    if (address.pages === 0 && address.refused >= (this.#noting?.failures ?? LEAST_REFUSED)) return true;
    address.pages++;
    return false;
  }

  /** A community that is not right is not answered: each new one is a failure until it is. */
  #onCommunity({ pdu, communityTag }: SnmpMessage, p: Packet): void {
    const isAnswer = pdu === SNMP_RESPONSE,
      ends = isAnswer || SNMP_REQUESTS.has(pdu) ? datagramEnds(p) : null;
    if (ends === null) return;
    const [client, server, serverPort] = isAnswer
        ? [ends.destination, ends.source, ends.sourcePort]
        : [ends.source, ends.destination, ends.destinationPort],
      key = `${client} ${server} ${serverPort} snmp`;
    if (isAnswer && this.#communities.get(key) === undefined) return;
    const tried = this.#communities.of(key, () => ({ pair: newPair('snmp', { client, server, serverPort }, false), isRight: new Map() }));
    if (tried === undefined) return;
    const { pair, isRight } = tried,
      seconds = p.hasTime ? p.timeSeconds + p.timeNanoseconds / 1e9 : null;
    pair.secrets = null;
    if (!isAnswer) {
      if (isRight.has(communityTag) || isRight.size >= MOST_TIMES) return;
      isRight.set(communityTag, false);
      countFailed(pair, { seconds, frame: p.frame }, this.#noting?.failures ?? 0);
      pair.evidence.addDatagram(p);
    } else if (isRight.get(communityTag) === false) {
      isRight.set(communityTag, true);
      pair.failed--;
      countAccepted(pair, seconds, this.#noting, this.#noting?.failures ?? 0, { user: null, prove: () => pair.successEvidence.addDatagram(p) });
    }
  }

  /** Many passwords for one user, or one password for many users. Whoever stands behind a proxy has a password of his own. */
  #onSecret(all: Watched<string, Forms>, protocol: string, user: string, password: number, isJson: boolean, flow: number, p: Packet): void {
    const ends = endsOf(this.#state, flow),
      forms = all.of(`${ends.client} ${ends.server} ${ends.serverPort} ${protocol}`, () => ({
        pair: { ...newPair(protocol, ends, false), byForms: true },
        passwords: new Map(),
        users: new Map(),
        mostPasswords: 0,
        mostUsers: 0,
        repeated: 0,
        isJson,
      }));
    if (forms === undefined) return;
    const passwords = setOf(forms.passwords, user),
      users = setOf(forms.users, password);
    if (passwords === undefined || users === undefined || passwords.size >= MOST_TIMES) return;
    forms.isJson &&= isJson;
    if (passwords.has(password)) {
      forms.repeated++;
      return;
    }
    passwords.add(password);
    if (users.size < MOST_USERS) users.add(user);
    forms.mostPasswords = Math.max(forms.mostPasswords, passwords.size);
    forms.mostUsers = Math.max(forms.mostUsers, users.size);
    if (protocol === 'http') this.#answers.asked(ends, flow, p.frame);
    countFailed(forms.pair, { seconds: p.hasTime ? p.timeSeconds + p.timeNanoseconds / 1e9 : null, frame: p.frame }, 0);
    forms.pair.evidence.add(p, flow);
    if (user !== '' && forms.pair.users.size < MOST_USERS) forms.pair.users.add(user);
  }

  /** Ends of a login over UDP, or of one among many on a connection, and its user: requests are noted, their answers looked up. */
  #datagramLogin(message: LoginMessage, p: Packet): DatagramEnds | null {
    const ends = datagramEnds(p);
    if (ends === null) return null;
    const { source, destination, sourcePort, destinationPort } = ends;
    const { exchange } = message,
      keyOf = (client: string, port: number, server: string): string => `${client} ${port} ${server}${exchange === undefined ? '' : ` ${exchange}`}`;
    if (message.result === 'sent') {
      if (message.user === null) return null;
      // Those that were never answered leave first.
      if (this.#asking.size >= MOST_ASKING) this.#asking.delete(this.#asking.keys().next().value!);
      this.#asking.set(keyOf(source, sourcePort, destination), message.user);
      return null;
    }
    const key = keyOf(destination, destinationPort, source),
      user = this.#asking.get(key) ?? null;
    this.#asking.delete(key);
    // Who was asked for a password, and had proved none, has not failed.
    return user === null && exchange !== undefined ? null : { client: destination, server: source, serverPort: sourcePort, user };
  }

  /** All pairs so far, and what could not be followed. May be called again as the capture grows. */
  pairs(values: GuessingOptions): { readonly pairs: readonly LoginPair[]; readonly limits: readonly string[] } {
    const sized = this.#sized.pairs(values);
    const communities = [...this.#communities.values].map(({ pair }) => pair);
    for (const pair of [...this.#pairs.values, ...communities]) pair.evidence.resolve(this.#state.flows);
    return {
      pairs: [...this.#pairs.values, ...communities, ...sized.pairs, ...this.#guessedForms(values), ...this.#unanswered(values)],
      limits: [
        ...this.#pairs.limits('pairs of clients and servers with logins'),
        ...this.#forms.limits('pairs with login forms'),
        ...this.#addresses.limits('addresses of login forms'),
        ...this.#communities.limits('pairs with SNMP communities'),
        ...sized.limits,
      ],
    };
  }

  /** Pairs whose forms say enough by themselves, unless the server refused them in so many words and they are counted so. */
  #guessedForms(values: GuessingOptions): LoginPair[] {
    const told: LoginPair[] = [];
    for (const { pair, mostPasswords, mostUsers, repeated, isJson } of this.#forms.values) {
      const { client, server, serverPort } = pair.ends,
        refused = this.#pairs.get(`${client} ${server} ${serverPort} http`),
        isOne = mostPasswords < values.failures;
      if (Math.max(mostPasswords, mostUsers) < values.failures || (isOne && repeated >= pair.failed)) continue;
      if (refused !== undefined && isGuessing(values, refused)) continue;
      const odd = this.#answers.odd(pair.ends, values.failures);
      told.push({ ...pair, mayBeDevices: isOne && isJson, ...(odd === null ? {} : { odd }) });
    }
    return told;
  }

  /** Pairs of which the capture holds the client's side alone. */
  #unanswered(values: GuessingOptions): LoginPair[] {
    const { ints } = this.#state.flows;
    return [...this.#sent.entries].flatMap(([key, { pair, mostPasswords, mostUsers }]) => {
      const isOneWay = pair.evidence.flows.every((row) => ints[row * F.INTS + F.PACKETS_A] === 0 || ints[row * F.INTS + F.PACKETS_B] === 0);
      return isOneWay && this.#pairs.get(key) === undefined && Math.max(mostPasswords, mostUsers) >= values.failures ? [pair] : [];
    });
  }
}

function setOf<Key, Value>(sets: Map<Key, Set<Value>>, key: Key): Set<Value> | undefined {
  let set = sets.get(key);
  if (set === undefined && sets.size < MOST_TIMES) sets.set(key, (set = new Set()));
  return set;
}
