import type { Pbx } from '../pbx';

/** How to reach the phone system under test, as the credential wants it. */
export interface PbxAccess {
	kind: 'sandbox' | 'real';
	/** Address without a path, such as `https://pbx.example.com:5001`. */
	url: string;
	clientId: string;
	clientSecret: string;
}

/** One call that was played in the sandbox, as the person at the phone saw it. */
export interface PlayedCall {
	callId: number;
	/** Caller's number as the trunk sent it. */
	from: string;
	/** Extension that rang. */
	extension: string;
	/** What happened at that extension, in order. */
	events: string[];
}

/**
 * The real PBX that the environment names, if it does.
 *
 * @throws when only some of the three variables are set
 */
export function realPbx(environment: NodeJS.ProcessEnv): PbxAccess | undefined {
	const names = ['THREECX_URL', 'THREECX_CLIENT_ID', 'THREECX_CLIENT_SECRET'] as const;
	const missing = names.filter((name) => !environment[name]);
	if (missing.length === names.length) return undefined;
	if (missing.length > 0) {
		throw new Error(
			`To use a real PBX set all of ${names.join(', ')}; missing: ${missing.join(', ')}. Unset all three for the sandbox.`,
		);
	}
	const [url = '', clientId = '', clientSecret = ''] = names.map((name) => environment[name]);
	return { kind: 'real', url, clientId, clientSecret };
}

/** Where the onboarding workflow leaves its traces. */
const WRITTEN_SETS = ['Users', 'Groups', 'Queues'];

/** The rows of the sets that onboarding writes, each as text under its set and Id. */
export function snapshot(pbx: Pbx): Map<string, string> {
	return new Map(
		WRITTEN_SETS.flatMap((set) =>
			pbx.store.rows(set).map((row) => [`${set} ${String(row.Id)}`, JSON.stringify(row)] as const),
		),
	);
}

/** Which rows are new, gone or different between two snapshots, by set and Id. */
export function differences(before: Map<string, string>, after: Map<string, string>): string[] {
	return [...new Set([...before.keys(), ...after.keys()])].filter(
		(key) => before.get(key) !== after.get(key),
	);
}

/**
 * Plays an inbound call in the sandbox, as somebody outside and somebody at the desk would: it rings, is answered,
 * and the caller hangs up.
 *
 * @param onEvent - called after each step with the number of events so far; the next step waits for it
 */
export async function playCall(
	pbx: Pbx,
	call: Pick<PlayedCall, 'from' | 'extension'>,
	onEvent: (count: number) => Promise<unknown>,
): Promise<PlayedCall> {
	const { from, extension } = call;
	const callId = pbx.calls.incoming({ from, to: extension });
	await onEvent(1);
	pbx.calls.answer({ callid: callId, dn: extension });
	await onEvent(2);
	pbx.calls.hangUp({ callid: callId });
	await onEvent(3);
	const events = pbx.calls.journal
		.filter(({ callid, dn }) => callid === callId && dn === extension)
		.map(({ kind }) => kind);
	return { callId, from, extension, events };
}
