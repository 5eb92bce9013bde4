import type { ILoadOptionsFunctions } from 'n8n-workflow';
import { ODataInputError } from '../../../lib/odata/error';
import { catalogue as shipped, type Catalogue } from '../../../lib/xapi/catalogue';
import { ownCatalogue } from '../../../lib/xapi/ownCatalogue';
import { connectTo } from '../../shared/connect';

/**
 * The catalogue for the lists of the editor: that of the PBX, so that a newer one shows its new operations; the one that
 * ships where the PBX does not answer or no credential is chosen yet.
 */
export async function catalogueForEditor(context: ILoadOptionsFunctions): Promise<Catalogue> {
	const own = await connectTo(context)
		.then(ownCatalogue)
		.catch(() => undefined);
	return own ?? shipped;
}

/**
 * Builds something from the catalogue that ships. Only where that fails for the input (an operation, parameter or enum
 * member it does not know) is the PBX asked for its own, which may be newer.
 *
 * @param own gives the PBX's own catalogue, or undefined if it is not available
 * @param build throws an ODataInputError when the catalogue does not fit
 * @throws what `build` throws, for the catalogue that was used last
 */
export async function withCatalogue<T>(
	own: () => Promise<Catalogue | undefined>,
	build: (catalogue: Catalogue) => T,
): Promise<T> {
	const first = attempt(() => build(shipped));
	if ('made' in first) return first.made;
	const other = first.failed instanceof ODataInputError ? await own() : undefined;
	if (other === undefined) throw first.failed;
	return build(other);
}

function attempt<T>(make: () => T): { made: T } | { failed: Error } {
	try {
		return { made: make() };
	} catch (error) {
		return { failed: error as Error };
	}
}
