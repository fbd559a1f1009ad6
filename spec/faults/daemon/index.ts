/** The cases of the process, its files and its clients. */
import type { FaultCase } from '../faultCase';
import { clockJumps } from './clock';
import { shortConnections, tenThousandConnections } from './connections';
import { equalErrors } from './equalErrors';
import { failedBatchSyncs, failedIntervalSyncs, failedWrites } from './failingDevice';
import { damagedFiles } from './damaged';
import { fewDescriptors } from './descriptorLimit';
import { deletedFiles, movedFiles } from './filesTaken';
import { diskFull, diskFullWithBackup } from './fullDisk';
import { fuzzedFrames } from './fuzz';
import { halfFrame } from './halfFrame';
import { sigkillJournal } from './journal';
import { killInReplay } from './killInReplay';
import { manyBuckets } from './manyBuckets';
import { oddNames } from './oddNames';
import { oneOwner } from './oneOwner';
import { passedSocket } from './passedSocket';
import { pieces } from './pieces';
import { powerCut } from './powerCut';
import { readOnlyFileSystem, readOnlyFolder } from './readOnly';
import { reloads } from './reload';
import { rotation } from './rotation';
import { sigkill } from './sigkill';
import { sigtermBrokerDown, sigtermBrokerUp } from './sigterm';

export const daemonCases: readonly FaultCase[] = [
  ...[sigkill, powerCut, diskFull, diskFullWithBackup],
  ...[failedWrites, failedBatchSyncs, failedIntervalSyncs],
  ...[readOnlyFolder, readOnlyFileSystem, deletedFiles, movedFiles],
  ...[pieces, fuzzedFrames, halfFrame, tenThousandConnections, shortConnections],
  ...[fewDescriptors, sigtermBrokerUp, sigtermBrokerDown, oneOwner, rotation],
  ...[oddNames, clockJumps, manyBuckets, equalErrors],
  ...[sigkillJournal, damagedFiles, killInReplay, passedSocket, reloads],
];
