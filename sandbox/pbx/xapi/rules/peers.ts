import type { Rules } from '../context';
import type { Row } from '../../odata/model';
import { DN_SETS } from '../store';
import { peer } from './dn';

/** Every DN, whatever its kind; Peers have no rows of their own. */
export const peers: Rules = {
	rows: ({ store }) => DN_SETS.flatMap((set) => store.rows(set).map((row) => peer({ set, row }))),
	operations: {
		'Pbx.RetreivePeersByNumbers': ({ context, args }) =>
			((args.peersRequest as Row).DnNumbers as string[]).flatMap((number) => {
				const dn = context.store.dn(number);
				return dn ? [peer(dn)] : [];
			}),
	},
};
