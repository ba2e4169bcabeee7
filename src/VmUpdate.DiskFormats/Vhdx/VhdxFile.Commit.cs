using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx.Log;

namespace VmUpdate.DiskFormats.Vhdx;

/// <content>
/// The order in which changes become durable: header, data, log, tables. At every point a crash leaves a file that opens, and holds
/// what was flushed.
/// </content>
internal sealed partial class VhdxFile
{
    private readonly Func<Guid>? _newGuid;
    private LogWriter? _log;
    private bool _hasNewFileWriteGuid;
    private bool _hasNewDataWriteGuid;

    /// <summary>
    /// Why a change of log, tables or headers failed. What of it reached the host is not known then (a failed flush may even have
    /// dropped writes), so nothing more is written: the next open replays the log, or finds the state before.
    /// </summary>
    private HostFileException? _failure;

    /// <summary>Returns when all that was written survives a loss of power. Under construction it costs nothing and promises nothing.</summary>
    internal void Flush()
    {
        if (_file is null || _isUnderConstruction || !_hasUnflushedWrites)
        {
            return;
        }

        RequireNoFailure();
        try
        {
            Commit(_file);
        }
        catch (HostFileException failure)
        {
            _failure = failure;
            throw;
        }
    }

    private void Commit(IBlockFile file)
    {
        var pages = new List<KeyValuePair<long, byte[]>>(_bat.DirtyCount + _bitmaps.DirtyCount);
        _bat.CollectDirty(pages);
        _bitmaps.CollectDirty(pages);
        if (pages.Count > 0 && _length != RoundUp(_length))
        {
            // The log names the file's length in whole MiB ([MS-VHDX] 2.3.1.1).
            _length = RoundUp(_length);
            file.SetLength(_length);
        }

        // The data before the entries that point to it; and with it the pages of the log entry before, so that it is no longer needed.
        file.Flush();
        if (pages.Count > 0)
        {
            Log(pages);
            foreach (KeyValuePair<long, byte[]> page in pages)
            {
                file.WriteAt(page.Key, page.Value);
            }

            _bat.ClearDirty();
            _bitmaps.ClearDirty();
        }

        _hasUnflushedWrites = false;
    }

    private static void ReplayInPlace(IBlockFile file, ref VhdxHeader header, ref bool currentIsSecond, Func<Guid> newGuid)
    {
        // Everything is checked before the first write. The log stays named until its pages are durable: a crash replays it again.
        LogReplay replay = LogReplay.Read(file, header);
        WriteHeaders(file, ref header, ref currentIsSecond, header with { FileWriteGuid = newGuid() });
        replay.Apply(file);
        file.Flush();
        WriteHeaders(file, ref header, ref currentIsSecond, header with { LogGuid = Guid.Empty });
    }

    /// <summary>[MS-VHDX] 2.2.2.1: the copy that is not current, flush, then the other, flush: at any time one of them is whole.</summary>
    private static void WriteHeaders(IBlockFile file, ref VhdxHeader header, ref bool currentIsSecond, VhdxHeader next)
    {
        if (header.SequenceNumber > ulong.MaxValue - 2)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, VhdxHeader.Structure, VhdxHeader.FirstOffset, "its sequence number is the last there is, so it cannot be written.");
        }

        Span<byte> bytes = stackalloc byte[VhdxHeader.Size];
        for (int copy = 0; copy < 2; copy++)
        {
            next = next with { SequenceNumber = header.SequenceNumber + 1 };
            next.Write(bytes);
            file.WriteAt(currentIsSecond ? VhdxHeader.FirstOffset : VhdxHeader.SecondOffset, bytes);
            file.Flush();
            header = next;
            currentIsSecond = !currentIsSecond;
        }
    }

    private Guid NewGuid() => _newGuid is null ? throw new InvalidOperationException($"{Path} was opened for reading only.") : _newGuid();

    private void UpdateHeaders(VhdxHeader next)
    {
        try
        {
            WriteHeaders(File, ref _header, ref _currentHeaderIsSecond, next);
        }
        catch (HostFileException failure)
        {
            _failure = failure;
            throw;
        }
    }

    private void RequireNoFailure()
    {
        if (_failure is not null)
        {
            throw new HostFileException(
                _failure.Failure, Path, "an earlier write to it failed, and it must be opened anew: " + _failure.Message, _failure);
        }
    }

    /// <summary>Before the first write of an open the file gets new ids, by which its children see that it is not what they knew.</summary>
    private void BeginGuestWrite()
    {
        RequireNoFailure();
        if (_isUnderConstruction || _hasNewDataWriteGuid)
        {
            return;
        }

        UpdateHeaders(_header with
        {
            FileWriteGuid = _hasNewFileWriteGuid ? _header.FileWriteGuid : NewGuid(),
            DataWriteGuid = NewGuid(),
        });
        _hasNewFileWriteGuid = true;
        _hasNewDataWriteGuid = true;
    }

    private void Log(List<KeyValuePair<long, byte[]>> pages)
    {
        if (_log is not null)
        {
            _log.Write(pages, _length);
            File.Flush();
            return;
        }

        // The header has no LogGuid yet, so nothing in the log is valid and any of it may be overwritten. The first entry is durable
        // before the header names its id: a header that names a log without a valid entry is a corrupt file ([MS-VHDX] 2.3.3).
        var log = new LogWriter(File, LogRange, NewGuid());
        log.Write(pages, _length);
        File.Flush();
        UpdateHeaders(_header with { LogGuid = log.LogGuid });
        _log = log;
    }

    /// <summary>Leaves a clean file: nothing in the log.</summary>
    private void Close()
    {
        if (_file is null || _isUnderConstruction || _failure is not null)
        {
            return;
        }

        Flush();
        if (_log is not null)
        {
            _file.Flush();
            UpdateHeaders(_header with { LogGuid = Guid.Empty });
            _log = null;
        }
    }
}
