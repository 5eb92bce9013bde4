import type { CallLog } from '../callLog';
import type { ApiClient, Licence } from '../types';
import type { Row } from '../odata/model';
import type { XapiModel } from './model';
import type { Store } from './store';

/** A live call as XAPI shows it under ActiveCalls. */
export interface LiveCall {
	id: number;
	/** Display text that begins with the number. */
	caller: string;
	callee: string;
	status: string;
	establishedAt?: Date;
	lastChangeStatus: Date;
}

/** What XAPI needs of the call engine. */
export interface LiveCalls {
	calls(): LiveCall[];
	/** Ends a live call, by callid. */
	drop(callid: number): void;
	/** Calls `destination` from the phone of `from`; false when that cannot be. */
	make(from: string, destination: string): boolean;
}

/** The API clients with their secrets: XAPI's ServicePrincipals are made of them. */
export interface ApiClients {
	byId(clientId: string): ApiClient | undefined;
	add(client: ApiClient): void;
	remove(clientId: string): void;
	/** Gives a client a new secret and returns it; the old secret is dead at once. */
	regenerate(clientId: string): string;
}

/** Everything that the rules of entity sets may use. */
export interface Context {
	store: Store;
	model: XapiModel;
	clients: ApiClients;
	calls: LiveCalls;
	callLog: CallLog;
	licence: Licence;
	/** The PBX version, as in `X-3CX-Version`. */
	version: string;
	/** The host name by which the PBX knows itself. */
	fqdn: string;
	now: () => Date;
	/** An invented password, PIN or key: random, of so many characters. */
	secret: (length: number, alphabet?: string) => string;
	/** Whether CallHistoryView answers a comparison of SegmentStartTime with 500 (protocol 4.3, 8.7). */
	callHistoryTimestampFails: boolean;
}

/** A file, for the operations that send one. */
export class Download {
	constructor(
		readonly content: Buffer,
		readonly contentType: string,
		readonly fileName: string,
	) {}
}

/** One call of a function or action. */
export interface Invocation {
	context: Context;
	client: ApiClient;
	/** Parameters by declared name: those of a function converted from its literals, those of an action from its body. */
	args: Row;
	/** The entity that the operation is bound to, for `Users(12)/Pbx.X`. */
	entity?: Row;
}

/** Field path to warning code; empty when all is well. */
export type Violations = Record<string, string>;

/** What is special about one entity set or singleton; everything left out follows the type. */
export interface Rules {
	/** Rows that are computed rather than stored. */
	rows?(context: Context): readonly Row[];
	/** What a singleton holds at first, over the samples of its type. */
	initial?: Row;
	/** Values of a singleton that are computed; merged over the stored ones. */
	values?(context: Context, client: ApiClient): Row;
	/** What a new row has before the body is merged over it. */
	defaults?(context: Context, body: Row): Row;
	/** Rewrites a body: fills references in, drops what 3CX ignores. */
	prepare?(context: Context, body: Row, existing?: Row): Row;
	/** Checks a prepared body. */
	check?(context: Context, body: Row, existing?: Row): Violations;
	/** Keeps other rows consistent after a write of `body`; `before` is what an updated row was. */
	written?(context: Context, row: Row, body: Row, before?: Row): void;
	/** A warning code when the row may not be deleted. */
	keep?(context: Context, row: Row): string | undefined;
	/** Keeps other rows consistent after a delete. */
	deleted?(context: Context, row: Row): void;
	/** Functions and actions by name, such as `Pbx.BatchDelete`; what they return is the answer's value. */
	operations?: Record<string, (invocation: Invocation) => unknown>;
}
