import type { Resource } from '../shared/resource';
import { answer } from './operations/answer';
import { askByPhone } from './operations/askByPhone';
import { attachData } from './operations/attachData';
import { collectDigits } from './operations/collectDigits';
import { divert } from './operations/divert';
import { drop } from './operations/drop';
import { getCall } from './operations/getCall';
import { getDevice } from './operations/getDevice';
import { getExtension } from './operations/getExtension';
import { getManyCalls } from './operations/getManyCalls';
import { getManyDevices } from './operations/getManyDevices';
import { getManyExtensions } from './operations/getManyExtensions';
import { getParticipants } from './operations/getParticipants';
import { makeCall } from './operations/makeCall';
import { play } from './operations/play';
import { record } from './operations/record';
import { routeTo } from './operations/routeTo';
import { transfer } from './operations/transfer';
import { waitFor } from './operations/waitFor';

export const call: Resource = {
	name: 'call',
	label: 'Call',
	operations: [
		answer,
		attachData,
		divert,
		drop,
		getCall,
		getManyCalls,
		makeCall,
		routeTo,
		transfer,
		waitFor,
	],
	first: makeCall.name,
};

/** What the node can do, by label. Adding an operation is one file and one word here. */
export const resources: readonly Resource[] = [
	{ name: 'audio', label: 'Audio', operations: [askByPhone, collectDigits, play, record] },
	call,
	{ name: 'device', label: 'Device', operations: [getDevice, getManyDevices] },
	{
		name: 'extension',
		label: 'Extension',
		operations: [getExtension, getManyExtensions, getParticipants],
	},
];
