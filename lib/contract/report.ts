import { isDeepStrictEqual } from 'node:util';
import type { PbxClient } from '../http/client';
import type { AccessToken } from '../http/tokens';
import { XAPI } from '../xapi/entities';
import { createAsker, reasonOf } from './ask';
import { GUESSES, type Allowed, type Circumstances, type Expected, type Guess } from './guesses';
import { listen } from './listen';
import { ROLE_WORDS, versionOf } from './questions/access';
import { claimsOf, type Subject } from './subject';
import { bounded, known, type Fact, type Facts } from './words';

/**
 * How the answer to a question compares with docs/protocol.md:
 * `asExpected`, `differs`, `unanswered` (the PBX leaves it open: no rows, no call, no right), `notAsked` (would change
 * something).
 */
export type Outcome = 'asExpected' | 'differs' | 'unanswered' | 'notAsked';

/** One guess, and what the PBX says to it. */
export interface Finding {
	/** As in docs/protocol.md. */
	guess: string;
	claim: string;
	sections: readonly string[];
	outcome: Outcome;
	/** What the answer is if the guess is right. */
	expected?: Expected;
	answer?: Facts;
	/** The facts of the answer that differ from what was expected. */
	differences?: string[];
	/** Why there is no answer. */
	why?: string;
}

/** What a PBX does, compared with what docs/protocol.md says. Nothing of the customer's is in it. */
export interface CompatibilityReport {
	/** Format of the report. */
	format: 1;
	/** Version of 3CX, digits and dots. */
	version?: string;
	/** Role of the API client. */
	role?: string;
	/** Guesses that this PBX does not bear out. */
	differences: string[];
	/** How many guesses have which outcome. */
	outcomes: Record<Outcome, number>;
	findings: Finding[];
}

/** What a report may be told. */
export interface ReportOptions {
	/** Client ID of the credential, to compare with the token; it does not come into the report. */
	clientId?: string;
	/** `expires_in` of the token in use, as the PBX said it. */
	expiresIn?: number;
	/** Mints another token. It ends the one in use, so leave it out where others use the same client ID. */
	mint?: () => Promise<AccessToken>;
	/** How long to listen to the socket, in ms; default 5,000, at most 60,000. */
	listenMs?: number;
	/** After this time, in ms, what was not asked stays unanswered; default 120,000. */
	timeLimitMs?: number;
	signal?: AbortSignal;
}

const LISTEN_MS = 5_000;
const MAX_LISTEN_MS = 60_000;
const TIME_LIMIT_MS = 120_000;

/**
 * Asks a PBX every question that docs/protocol.md marks as a guess, and compares. It sends GET requests only (at most
 * 200), opens the socket once, and mints tokens only if it is given `mint`. Each question fails on its own.
 *
 * @param client the PBX
 * @param options what is known of the credential, and for how long to listen
 * @returns the report
 * @throws ThreeCxError where the PBX cannot be reached, or refuses client ID and secret: there is nothing to report then
 */
export async function compatibilityReport(
	client: PbxClient,
	options: ReportOptions = {},
): Promise<CompatibilityReport> {
	const { listenMs = LISTEN_MS, timeLimitMs = TIME_LIMIT_MS } = options;
	const ends = AbortSignal.timeout(timeLimitMs);
	const signal = options.signal ? AbortSignal.any([ends, options.signal]) : ends;
	const asker = createAsker(client, signal);
	const defs = await asker.get(`${XAPI}/Defs`, '$select=Id');
	const time = Math.min(Math.max(0, listenMs), MAX_LISTEN_MS);
	const { heard } = listen(client, time, signal);
	const subject: Subject = { ...options, client, asker, heard, listenMs: time, signal };
	const circumstances: Circumstances = { version: versionOf(defs), role: await roleOf(subject) };

	const findings: Finding[] = [];
	// One after the other: a phone system has more important things to do. What ends the token comes last.
	const inOrder = [...GUESSES].sort((a, b) => (LATE[a.id] ?? 0) - (LATE[b.id] ?? 0));
	for (const guess of inOrder) findings.push(await find(guess, subject, circumstances));
	options.signal?.throwIfAborted();
	findings.sort((a, b) => Number(a.guess.slice(1)) - Number(b.guess.slice(1)));
	const count = (outcome: Outcome) =>
		findings.filter((finding) => finding.outcome === outcome).length;
	return {
		format: 1,
		...circumstances,
		differences: findings
			.filter(({ outcome }) => outcome === 'differs')
			.map(({ guess, differences = [] }) => `${guess}: ${differences.join(', ')}`),
		outcomes: {
			asExpected: count('asExpected'),
			differs: count('differs'),
			unanswered: count('unanswered'),
			notAsked: count('notAsked'),
		},
		findings,
	};
}

/** Asked last, in this order: what looks at all answers, and what costs the token in use. */
const LATE: Record<string, number | undefined> = { G9: 1, G3: 2, G4: 3 };

async function roleOf(subject: Subject): Promise<string | undefined> {
	const { role } = await claimsOf(subject).catch(() => ({ role: undefined }));
	return known([role].flat(), ROLE_WORDS).find((word) => ROLE_STRENGTH.includes(word));
}

const ROLE_STRENGTH = [
	'system_owners',
	'system_admins',
	'group_owners',
	'managers',
	'group_admins',
	'receptionists',
	'users',
];

async function find(
	guess: Guess,
	subject: Subject,
	circumstances: Circumstances,
): Promise<Finding> {
	const { id, claim, sections, ask, expected, why = '' } = guess;
	const about = { guess: id, claim, sections };
	if (!ask || !expected) return { ...about, outcome: 'notAsked', why };
	const wanted = expected(circumstances);
	try {
		subject.signal.throwIfAborted();
		const answer = bounded(await ask(subject));
		const compared = Object.keys(wanted).filter((name) => Object.hasOwn(answer, name));
		const differences = compared.filter((name) => !isAllowed(answer[name]!, wanted[name]!));
		return {
			...about,
			outcome:
				compared.length === 0 ? 'unanswered' : differences.length > 0 ? 'differs' : 'asExpected',
			expected: wanted,
			answer,
			...(differences.length > 0 ? { differences } : {}),
			...(compared.length === 0 ? { why: 'The answer has nothing to compare' } : {}),
		};
	} catch (cause) {
		const reason = subject.signal.aborted ? 'The time was over' : reasonOf(cause);
		return { ...about, outcome: 'unanswered', expected: wanted, why: reason };
	}
}

function isAllowed(answer: Fact, allowed: Allowed): boolean {
	if (typeof allowed !== 'object' || Array.isArray(allowed))
		return isDeepStrictEqual(answer, allowed);
	const values: readonly Fact[] = Array.isArray(answer) ? answer : [answer];
	if ('including' in allowed) return allowed.including.every((value) => values.includes(value));
	return 'within' in allowed && values.every((value) => allowed.within.includes(value));
}
