import type { ErrorDetails } from './errors';

/*
 * What a refusal of Call Control means, by what was asked: the same status says something else of a call that is made, of
 * one that is sent on, and of an extension that is read (protocol 2.5, 2.6).
 */

/** What a refusal comes to. */
export type Verdict = Pick<ErrorDetails, 'kind' | 'message' | 'hint'>;

/** What was asked of Call Control. */
type Asked =
	| 'list'
	| 'extension'
	| 'devices'
	| 'leg'
	| 'makeCall'
	| 'makeCallFromPhone'
	| 'drop'
	| 'answer'
	| 'divert'
	| 'routeto'
	| 'transferto'
	| 'attach'
	| 'stream'
	| 'other';

type Words = Partial<Record<number, Verdict>>;

const MONITORED =
	'in the 3CX Admin Console, Integrations > API, with "Call Control API" ticked. The other party’s side of a call cannot be controlled.';

/** Whether it was done nobody knows: what acts may have acted. */
const failed = (hint: string): Verdict => ({
	kind: 'server',
	message: 'The PBX failed to handle the request',
	hint: `${hint} If it keeps failing, check the event log of the PBX.`,
});

const notAccepted = (hint: string): Verdict => ({
	kind: 'validation',
	message: 'The PBX does not accept this call action',
	hint,
});

const impossible = (message: string, hint: string): Verdict => ({
	kind: 'impossible',
	message,
	hint,
});

const HOW_IT_IS = 'Look with Call > Get how the call is now, then try again.';

/** For every leg, whatever is done to it. */
const ON_LEG: Words = {
	400: notAccepted('Check the fields of the operation.'),
	403: {
		kind: 'forbidden',
		message: 'This call leg is not yours to control',
		hint: `Add the extension to the list of the API client: ${MONITORED}`,
	},
	404: {
		kind: 'notFound',
		message: 'The call has ended',
		hint: 'A participant ID is valid only during its call. If the call is still in progress, check that Extension and Participant belong together.',
	},
	409: {
		kind: 'conflict',
		message: 'Something else happened to the call at the same time',
		hint: HOW_IT_IS,
	},
	422: impossible('This call leg cannot do that now', HOW_IT_IS),
	424: impossible(
		'The PBX could not do this with the call',
		`The call may not be ready yet, or over. ${HOW_IT_IS}`,
	),
	500: failed(`It may have been done all the same. ${HOW_IT_IS}`),
};

/** Nobody took a call that was to go somewhere else (protocol 2.5). */
const NOT_TAKEN = impossible(
	'Nobody took the call at the destination',
	'The call is still where it was. The destination may be busy, have no phone registered, or not have answered: send the call somewhere else, such as a queue or another extension. With "Wait Until", the output says what happened instead.',
);

const CHECK_DESTINATION = notAccepted(
	'Check the destination: an extension, queue or outside number.',
);

/** The same destination may also not exist. */
const orDestination = (message: string, when: string): Verdict =>
	impossible(
		message,
		`${when} It may also be on its way somewhere else already, or the destination may not exist: look with Call > Get how the call is now.`,
	);

const NOT_CALLED = impossible(
	'Extension {dn} could not make the call',
	'Check that a phone of the extension is registered and free, and the number to call; then try again.',
);

/** For a call that is to be made from `{dn}`: nothing has been called. */
const MAKE_CALL: Words = {
	400: notAccepted('Check the number to call.'),
	403: {
		kind: 'forbidden',
		message: 'The API client may not make calls from extension {dn}',
		hint: 'Choose another extension from the list, which shows those that it may call from. To add this one: in the 3CX Admin Console, Integrations > API, with "Call Control API" ticked.',
	},
	404: {
		kind: 'notFound',
		message: 'There is no extension {dn} to call from',
		hint: 'Choose one from the list, which shows those that the API client may call from.',
	},
	409: {
		kind: 'conflict',
		message: 'Extension {dn} is doing something else at the same time',
		hint: 'Look with Call > Get Many which calls it has, then try again.',
	},
	422: NOT_CALLED,
	424: NOT_CALLED,
	500: failed(
		'The call may have been made all the same: look with Call > Get Many before you try again.',
	),
};

/** For what is only read: nothing has changed. */
const READ: Words = {
	400: {
		kind: 'validation',
		message: 'The PBX does not accept this request',
		hint: 'Check the extension and the IDs.',
	},
	403: {
		kind: 'forbidden',
		message: 'The API client may not see extension {dn}',
		hint: `Choose another extension from the list, which shows those that it may see. To add this one: ${MONITORED}`,
	},
	404: {
		kind: 'notFound',
		message: 'There is no extension {dn}',
		hint: 'Choose one from the list, which shows those that the API client may see.',
	},
	422: impossible('The PBX cannot tell that now', 'Try again in a moment.'),
	424: impossible('The PBX cannot tell that now', 'Try again in a moment.'),
	500: failed('Try again.'),
};

const PHONE_GONE: Verdict = {
	kind: 'notFound',
	message: 'Extension {dn} has no such phone now',
	hint: 'A phone has an ID only while it is registered: switch it on, or choose it anew from the list. If the extension itself is not in its list, the API client may not see it.',
};

/** What 404 means for the list of all extensions: without the licence the PBX answers so to everything (protocol 1.8). */
export const NOT_LICENSED: Verdict = {
	kind: 'notFound',
	message: 'This PBX has no Call Control',
	hint: 'Check that its licence has Call Control (Enterprise), that it is a 3CX v20, and the Server URL of the credential.',
};

const WORDS: Record<Asked, Words> = {
	list: {
		...READ,
		403: {
			kind: 'forbidden',
			message: 'The API client may not use Call Control',
			hint: 'In the 3CX Admin Console open Integrations > API and tick "Call Control API" for this client.',
		},
		404: NOT_LICENSED,
	},
	extension: READ,
	devices: { ...READ, 404: PHONE_GONE },
	leg: { ...ON_LEG, 400: READ[400], 500: READ[500] },
	makeCall: MAKE_CALL,
	makeCallFromPhone: {
		...MAKE_CALL,
		404: {
			...PHONE_GONE,
			hint: 'A phone has an ID only while it is registered: switch it on, choose it anew from the list, or take any phone of the extension. If the extension itself is not in its list, the API client may not call from it.',
		},
	},
	drop: {
		...ON_LEG,
		422: impossible('This call cannot be ended now', `It may be ending already. ${HOW_IT_IS}`),
	},
	answer: {
		...ON_LEG,
		422: impossible(
			'The API cannot answer this call',
			'Only a ringing call can be answered, and only on a desk phone that the PBX controls (uaCSTA) or a route point. Use Divert to send the call somewhere else.',
		),
	},
	divert: {
		...ON_LEG,
		400: CHECK_DESTINATION,
		422: orDestination(
			'This call cannot be diverted now',
			'Only a ringing call can be diverted; one that is answered can be transferred.',
		),
		424: NOT_TAKEN,
	},
	routeto: {
		...ON_LEG,
		400: CHECK_DESTINATION,
		422: orDestination('This call cannot be routed now', 'Only a ringing or answered call can be.'),
		424: NOT_TAKEN,
	},
	transferto: {
		...ON_LEG,
		400: CHECK_DESTINATION,
		422: orDestination(
			'This call cannot be transferred now',
			'Only an answered call can be transferred; one that rings can be diverted. While a caller waits in a queue, divert the side of an agent whose phone rings.',
		),
		424: NOT_TAKEN,
	},
	attach: {
		...ON_LEG,
		400: notAccepted('Check the names and values of Attached Data.'),
		422: impossible('Data cannot be attached to this call now', HOW_IT_IS),
	},
	stream: {
		...ON_LEG,
		400: notAccepted('Check the audio.'),
		422: impossible(
			'This call has no audio for the API',
			'Only calls of a route point have audio: route or transfer the call to one.',
		),
		424: impossible(
			'There is no audio on this call yet',
			'Audio starts shortly after the call is connected; n8n retried for a while. Only calls of a route point have audio.',
		),
		500: failed(`Part of the audio may have been sent. ${HOW_IT_IS}`),
	},
	other: ON_LEG,
};

const ACTIONS: Record<string, Asked> = {
	drop: 'drop',
	answer: 'answer',
	divert: 'divert',
	routeto: 'routeto',
	transferto: 'transferto',
	attach_participant_data: 'attach',
	attach_party_data: 'attach',
	stream: 'stream',
};

/** @returns whether our words are the headline of a refusal: they are about what the user sees, 3CX's about its objects */
export const isInOurWords = (status: number): boolean => [403, 404, 422, 424].includes(status);

function decoded(segment: string): string {
	try {
		return decodeURIComponent(segment);
	} catch {
		return segment;
	}
}

/** @returns what a path asks for, and of which extension */
function askedOf(request: string): { asked: Asked; dn: string } {
	const [method = '', path = ''] = request.split(' ');
	const [, , dn = '', kind, id, action, ...rest] = path.split('/');
	const asked = (): Asked => {
		if (dn === '') return 'list';
		if (rest.length > 0) return 'other';
		if (kind === 'makecall' && id === undefined) return 'makeCall';
		if (kind === 'devices') return action === 'makecall' ? 'makeCallFromPhone' : 'devices';
		if (kind !== 'participants' || id === undefined)
			return kind === undefined || method === 'GET' ? 'extension' : 'other';
		return action === undefined ? 'leg' : (ACTIONS[action] ?? 'other');
	};
	return { asked: asked(), dn: decoded(dn) };
}

/**
 * @param request method and path, such as `POST /callcontrol/100/participants/7/drop`
 * @param status of the answer, from 400 up
 * @returns what it means for that; undefined where it means the same for everything, such as 401 and 429
 */
export function callRefusal(request: string, status: number): Verdict | undefined {
	const { asked, dn } = askedOf(request);
	const known = WORDS[asked];
	const verdict = known[status] ?? (status >= 500 && status !== 503 ? known[500] : undefined);
	return verdict && { ...verdict, message: verdict.message.replace('{dn}', () => dn) };
}

/**
 * @param request as for {@link callRefusal}
 * @returns what a refusal means that nobody has seen yet, such as 418
 */
export const unknownRefusal = (request: string): Verdict => WORDS[askedOf(request).asked][400]!;
