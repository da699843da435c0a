/**
 * DNS water torture: resolvers are asked for ever new random names below one domain, from many or invented addresses. None is in a cache and none exists, so that
 * each is asked of the servers of the domain until they, or the resolvers that wait for them, give up. Sent by Mirai and others; also called random-subdomain or
 * NXDOMAIN attack. Data in names (`dns-tunnel`) is as long as names can be, and gets answers; a program that guesses hosts asks for words.
 */
import type { CaptureState } from '../captureState.ts';
import { countText, durationText, plural } from '../describe.ts';
import type { FindingDraft } from '../detector.ts';
import { safeText } from '../exports/safeText.ts';
import type { Domain } from './dnsDomains.ts';
import { wordedDraft } from './sightings.ts';
import { addressFilter } from './measures.ts';

export interface RandomNameOptions {
  readonly randomNames: number;
}

/** Addresses from which on nobody shares a tunnel, of whose names none is found. */
export const MANY_CLIENTS = 10;

/** Invented addresses ask once each, whatever the rate; browsers test the network with three names each time. */
const COUNTLESS_CLIENTS = 100,
  MOST_EACH = 2,
  /** Characters below the domain: those that carry data have more. */
  MOST_LENGTH = 30,
  FAILING_PERCENT = 80,
  /** A resolver asks the servers of a domain for one name several times. */
  MOST_REPEATS = 5,
  FEW = 5,
  MOST_VICTIMS = 3;

/** Whether these are random names that are asked for in vain: at what rate is another question. */
export function isInVain(domain: Domain): boolean {
  const { queries, responses, failed, characters, lookedAt, listed, services, letters } = domain;
  const failing = failed + Math.max(0, queries - responses);
  return (
    letters.isRandom &&
    listed * 2 < lookedAt &&
    services * 2 < queries &&
    failing * 100 >= queries * FAILING_PERCENT &&
    domain.differentNames * MOST_REPEATS >= queries &&
    (domain.clients.size >= MANY_CLIENTS || characters < MOST_LENGTH * queries)
  );
}

export function randomNameFloods(values: RandomNameOptions, state: CaptureState, domains: Iterable<Domain>): FindingDraft[] {
  const findings: FindingDraft[] = [];
  for (const domain of domains) {
    if (domain.queries < values.randomNames || !isInVain(domain)) continue;
    const names = domain.differentNames,
      clients = domain.differentClients,
      isSpread = clients >= COUNTLESS_CLIENTS && names <= clients * MOST_EACH;
    if (names >= values.randomNames && (domain.burst.most >= values.randomNames || isSpread))
      findings.push(draft(values, state, domain, names, clients));
  }
  return findings;
}

function draft(values: RandomNameOptions, state: CaptureState, domain: Domain, names: number, clients: number): FindingDraft {
  const { name, queries, responses, failed, notFound, servers, burst, evidence, characters } = domain,
    // In the order in which they were asked: the resolver, then the servers of the domain.
    asked = [...servers.keys()].slice(0, MOST_VICTIMS),
    [server = ''] = asked,
    // A resolver that passes the questions on is both.
    askers = [...domain.clients].filter((client) => !servers.has(client)),
    isFew = clients <= FEW && askers.length > 0,
    unanswered = Math.max(0, queries - responses),
    percent = Math.round((100 * (failed + unanswered)) / queries),
    domainText = safeText(name, 80),
    seconds = evidence.seconds;
  return wordedDraft(
    state,
    [
      ...asked.map((address) => ({ role: 'victim' as const, address, port: 53 })),
      ...(isFew ? askers.map((address) => ({ role: 'attacker' as const, address })) : []),
    ],
    evidence,
    `(${asked.map((address) => addressFilter('dst', address)).join(' || ')}) && dns.flags.response == 0${/^[a-z0-9._-]+$/.test(name) ? ` && lower(dns.qry.name) contains "${name}"` : ''}`,
    {
      technique: `dns-random-names ${domainText}`,
      deed: 'flooded {whom} with questions for random names',
      severity: burst.most >= values.randomNames * 10 ? 'high' : 'medium',
      parts: [
        ['random names below one domain, asked for in vain', 55],
        ['many times the threshold', Math.max(0, Math.min(15, 5 * Math.log2(burst.most / values.randomNames)))],
        ['from many addresses', clients >= MANY_CLIENTS ? 12 : 0],
        ['the servers of the domain fail or say nothing', (failed - notFound + unanswered) * 2 > queries && responses > 0 ? 10 : 0],
        ['no answer was captured', responses === 0 ? -10 : 0],
      ],
      title: `DNS water torture: ${server} is asked for ${countText(names)} random names below ${domainText}, by ${
        isFew ? askers.join(', ') : plural(clients, 'address', 'addresses')
      }`,
      description: `${countText(queries)} questions${seconds === null ? '' : ` in ${durationText(seconds)}`} asked for ${countText(names)} different names below ${domainText}, up to ${countText(
        burst.most,
      )} within 10 s (threshold ${values.randomNames}), ${(characters / queries).toFixed(0)} characters long and like random; ${percent} % were answered by an error or not at all (threshold ${FAILING_PERCENT} %). Such names are in no cache: each is asked of the servers of the domain.`,
      indicators: [
        { name: 'random names', value: names, threshold: values.randomNames, unit: 'names' },
        { name: 'questions within 10 s', value: burst.most, threshold: values.randomNames, unit: 'questions' },
        { name: 'domain', value: domainText },
        { name: 'addresses that ask', value: clients },
        { name: 'in vain', value: percent, threshold: FAILING_PERCENT, unit: '%' },
        { name: 'no such name', value: notFound },
        { name: 'other errors', value: failed - notFound },
        { name: 'unanswered', value: unanswered },
      ],
      alternatives: [
        isFew
          ? `${askers.join(', ')} may be a resolver that passes on what others ask, or a test of the load that a server bears.`
          : 'The addresses may be invented, or resolvers that pass on what others ask them.',
        'Browsers of a large network that test whether names that cannot exist are answered, three random ones at each start.',
      ],
      attack: ['T1499.002', 'T1498'],
      recommendation: `Limit what each client and each domain may ask of ${server} (response rate limiting, fetches per zone); answer only your own network, and hold the zone in its servers or answer from its NSEC records (RFC 8198).${
        isFew ? ` Find out what runs on ${askers.join(', ')}.` : ' Blocking single addresses does not help when they are invented.'
      }`,
    },
  );
}
