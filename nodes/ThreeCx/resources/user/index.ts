import { destinationLists } from '../../fields/destination';
import type { EntityResource } from '../../resource';
import { deleteMany, getFreeNumber, regenerate, sendWelcomeEmail } from './accounts';
import { departmentOperations } from './departments';
import { getForwarding, updateForwarding } from './forwarding';
import { makeCall } from './makeCall';
import { rows } from './rows';
import { getUsage, removeFromEverything } from './usage';
import { queueLogins, setStatus, statusLists } from './status';

/** Extensions and the people behind them: XAPI `Users`. */
export const user: EntityResource = {
	...rows,
	operations: [
		...departmentOperations,
		...queueLogins,
		deleteMany,
		getForwarding,
		getFreeNumber,
		getUsage,
		makeCall,
		regenerate,
		removeFromEverything,
		sendWelcomeEmail,
		setStatus,
		updateForwarding,
	],
	loadOptions: { ...statusLists, ...destinationLists },
};
