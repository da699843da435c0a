/** Where tools write: the folder `reports` in the first root, which must really lie there. Nothing that exists is overwritten. */
import fs from 'node:fs/promises';
import path from 'node:path';

const MOST_OF_A_NAME = 1000;

export interface ReportsFolder {
  /** As the user is told before they agree. */
  readonly place: string;
  /** Path of the new file. `name` is a plain file name. */
  write(name: string, content: string): Promise<string>;
}

export function reportsFolder(root: string): ReportsFolder {
  const place = path.join(root, 'reports');
  return {
    place,
    async write(name, content) {
      if (name !== path.basename(name) || name.startsWith('.')) throw new Error(`${JSON.stringify(name)} is no name for a report`);
      await fs.mkdir(place, { recursive: true });
      if ((await fs.realpath(place)) !== path.join(await fs.realpath(root), 'reports'))
        throw new Error(`${place} is a link that leads elsewhere; nothing is written through it`);
      const { name: stem, ext } = path.parse(name);
      for (let i = 1; i <= MOST_OF_A_NAME; i++) {
        const file = path.join(place, i === 1 ? name : `${stem}-${i}${ext}`);
        try {
          await fs.writeFile(file, content, { flag: 'wx', mode: 0o600 });
          return file;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
        }
      }
      throw new Error(`${place} holds ${MOST_OF_A_NAME} reports called ${stem}`);
    },
  };
}
