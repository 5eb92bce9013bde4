import type { BenchN8n } from './n8n';
import { clientIdOf, type PbxDescription, type PbxProcess, type Place } from './pbx';
import { httpCredential, ourCredential, type Access, type CredentialTemplate } from './workflows';

/** How much is measured. */
export interface Scale {
	/** Interleaved rounds of which the median counts. */
	rounds: number;
	/** The same, where n8n is started anew for each measurement. */
	startRounds: number;
	/** Rows of the call log. */
	rows: number;
	/** Items that are created and read. */
	items: number;
	/** Size of the recording. */
	recordingBytes: number;
	/** Events at once. */
	burst: number;
	/** Events in each round, by events a second. */
	events: Record<5 | 20, number>;
}

/** What the issue asks for. */
export const FULL: Scale = {
	rounds: 3,
	startRounds: 2,
	rows: 20_000,
	items: 500,
	recordingBytes: 200e6,
	burst: 2_000,
	events: { 5: 60, 20: 150 },
};

/** Enough to see that everything works; the figures mean nothing. */
export const QUICK: Scale = {
	rounds: 1,
	startRounds: 1,
	rows: 2_000,
	items: 40,
	recordingBytes: 20e6,
	burst: 60,
	events: { 5: 10, 20: 20 },
};

/** What every measurement has at hand. */
export interface Bench {
	scale: Scale;
	pbx: PbxProcess;
	description: PbxDescription;
	n8n: BenchN8n;
	/** Tells the person who waits what is going on. */
	say(line: string): void;
}

/** Saves the credential of one who is compared, for one way to the PBX. n8n must be running. */
export async function accessOf(
	{ description, n8n }: Bench,
	who: 'ours' | 'http',
	place: Place,
): Promise<Access> {
	const make: Record<typeof who, (from: PbxDescription, at: Place) => CredentialTemplate> = {
		ours: ourCredential,
		http: httpCredential,
	};
	const { type, data } = make[who](description, place);
	const credential = await n8n.api.saveCredential(clientIdOf(who, place), type, data);
	return { place, url: description.urls[place], credential };
}
