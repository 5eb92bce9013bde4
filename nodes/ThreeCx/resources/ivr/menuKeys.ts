import type { INodeProperties } from 'n8n-workflow';
import {
	destinationProperty,
	destinationKind,
	targetNumber,
	targetValues,
	type DestinationKind,
	type DestinationValue,
	type Target,
} from '../../fields/destination';
import type { Field } from '../../resource';

/** What a digital receptionist does: members of XAPI's `IVRForwardType`, and the kind of DN that each needs. */
const KINDS: readonly DestinationKind[] = [
	{ value: 'Extension', name: 'Extension', peer: 'Extension' },
	{ value: 'CallByName', name: 'Call by Name' },
	{ value: 'EndCall', name: 'End Call' },
	{ value: 'IVR', name: 'IVR (Digital Receptionist)', peer: 'IVR' },
	{ value: 'Queue', name: 'Queue', peer: 'Queue' },
	{ value: 'RepeatPrompt', name: 'Repeat the Prompt' },
	{ value: 'RingGroup', name: 'Ring Group', peer: 'RingGroup' },
	{ value: 'VoiceMail', name: 'Voicemail of an Extension', peer: 'Extension' },
];

/** A wrong key can only lead to a DN, or back to the prompt. */
const INVALID_KEY_KINDS = KINDS.filter(
	({ value, peer }) => value === 'RepeatPrompt' || (peer !== undefined && value !== 'VoiceMail'),
);

/** A key of the menu as XAPI's `ReceptionistForward` has it. */
export interface Forward extends Record<string, unknown> {
	Input?: string;
	ForwardType?: string;
	/** Number of the DN; empty for what is at no DN. */
	ForwardDN?: string;
	PeerType?: string;
}

/** The key that a caller presses. */
export const keyProperty: INodeProperties = {
	displayName: 'Key',
	name: 'key',
	type: 'options',
	options: [...'0123456789', '#', '*'].map((key) => ({ name: key, value: key })),
	default: '1',
	description: 'The key that the caller presses',
};

/** What a key does, for a parameter of its own. */
export const keyDestinationProperty = destinationProperty(
	'keyDestination',
	'Destination',
	'Where the key leads',
	KINDS,
);

/**
 * A key and what it leads to, as XAPI wants it.
 *
 * @throws ThreeCxError of kind `input` when the target is incomplete
 */
export function forwardFrom(key: string | number, target: Target): Forward {
	const label = `Key ${key}`;
	const kind = destinationKind(target, KINDS, label);
	return {
		Input: String(key),
		ForwardType: kind.value,
		ForwardDN: targetNumber(target, kind, label),
		PeerType: kind.peer ?? 'None',
	};
}

interface KeyMap {
	key?: Array<Target & { key: string | number }>;
}

/** The whole menu, as a table. */
export const keyMapField: Field = {
	property: 'Forwards',
	prominent: true,
	toXapi: ({ key = [] }: KeyMap) => key.map((row) => forwardFrom(row.key, row)),
	parameter: {
		displayName: 'Keys',
		name: 'keys',
		type: 'fixedCollection',
		typeOptions: { multipleValues: true, sortable: true },
		placeholder: 'Add Key',
		default: {},
		description: 'The destination of each key. Replaces all existing ones.',
		options: [{ name: 'key', displayName: 'Key', values: [keyProperty, ...targetValues(KINDS)] }],
	},
};

const TIMEOUT_LABEL = 'Destination After Timeout';

/** What happens when the caller presses no key; XAPI keeps it in three properties. */
export const timeoutField: Field = {
	property: 'TimeoutForwardType',
	spread: true,
	alsoWrites: ['TimeoutForwardDN', 'TimeoutForwardPeerType'],
	toXapi: ({ destination }: DestinationValue) => {
		if (!destination) return {};
		const kind = destinationKind(destination, KINDS, TIMEOUT_LABEL);
		return {
			TimeoutForwardType: kind.value,
			TimeoutForwardDN: targetNumber(destination, kind, TIMEOUT_LABEL),
			TimeoutForwardPeerType: kind.peer ?? 'None',
		};
	},
	parameter: destinationProperty(
		'timeoutDestination',
		TIMEOUT_LABEL,
		'Where calls go when the caller does not press a key in time',
		KINDS,
	),
};

const INVALID_LABEL = 'Destination for Other Keys';

/** What happens on a key that means nothing; that no DN repeats the prompt is what the Admin Console shows [?]. */
export const invalidKeyField: Field = {
	property: 'InvalidKeyForwardDN',
	spread: true,
	toXapi: ({ destination }: DestinationValue) => {
		if (!destination) return {};
		const kind = destinationKind(destination, INVALID_KEY_KINDS, INVALID_LABEL);
		return { InvalidKeyForwardDN: targetNumber(destination, kind, INVALID_LABEL) };
	},
	parameter: destinationProperty(
		'invalidKeyDestination',
		INVALID_LABEL,
		'Where calls go when the caller presses a key without a destination',
		INVALID_KEY_KINDS,
	),
};
