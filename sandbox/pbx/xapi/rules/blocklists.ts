import type { Rules, Violations } from '../context';
import { bulkDelete } from './bulk';

/** Callers who are turned away; each number once. */
export const blackListNumbers: Rules = {
	check({ store }, { CallerId }, existing): Violations {
		if (CallerId === '' || (CallerId === undefined && !existing)) {
			return { CallerId: 'WARNINGS.XAPI.REQUIRED' };
		}
		const other = store.find('BlackListNumbers', 'CallerId', CallerId);
		return other && other !== existing ? { CallerId: 'WARNINGS.XAPI.DUPLICATE' } : {};
	},
	operations: { 'Pbx.BulkNumbersDelete': bulkDelete('BlackListNumbers') },
};

/** Addresses that are kept out or let in. */
export const blocklist: Rules = {
	defaults: () => ({ AddedBy: 'Manual', BlockType: 'Block', Description: '' }),
	check: (_context, { IPAddrMask }, existing): Violations =>
		IPAddrMask === '' || (IPAddrMask === undefined && !existing)
			? { IPAddrMask: 'WARNINGS.XAPI.REQUIRED' }
			: {},
	operations: { 'Pbx.BulkIpsDelete': bulkDelete('Blocklist') },
};
