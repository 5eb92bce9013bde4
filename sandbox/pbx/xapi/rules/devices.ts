import { notFound, rejected } from '../../odata/errors';
import type { Rules } from '../context';
import { dnName } from './dn';

/** Phones that were detected in the network; giving one to a user makes it one of the user's phones. */
export const deviceInfos: Rules = {
	operations: {
		'Pbx.Provision'({ context: { store }, args, entity }) {
			if (!entity) throw notFound();
			const user = store.find('Users', 'Id', args.userId);
			if (!user) throw rejected({ userId: 'WARNINGS.XAPI.NOT_FOUND' });
			if (entity.Assigned === true && args.reprovision !== true) {
				throw rejected({ MAC: 'WARNINGS.XAPI.ALREADY_IN_USE' });
			}
			store.update('DeviceInfos', entity, {
				Assigned: true,
				AssignedUser: `${String(user.Number)} ${dnName('Users', user)}`,
			});
		},
	},
};
