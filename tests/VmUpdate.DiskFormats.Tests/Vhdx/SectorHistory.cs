using Xunit;

namespace VmUpdate.DiskFormats.Tests.Vhdx;

/// <summary>
/// What a disk may hold after a crash: of each sector what it held at the last flush, or what was written to it since.
/// </summary>
/// <param name="start">What the disk holds at first, all of it flushed.</param>
internal sealed class SectorHistory(byte[] start)
{
    private const int SectorSize = 512;
    private readonly byte[] _flushed = (byte[])start.Clone();
    private readonly byte[] _current = (byte[])start.Clone();
    private readonly Dictionary<int, List<byte[]>> _since = [];

    public byte[] Current => _current;

    public void Write(int offset, byte[] bytes)
    {
        bytes.CopyTo(_current, offset);
        for (int sector = offset / SectorSize; sector * SectorSize < offset + bytes.Length; sector++)
        {
            if (!_since.TryGetValue(sector, out List<byte[]>? values))
            {
                _since.Add(sector, values = []);
            }

            values.Add(_current.AsSpan(sector * SectorSize, SectorSize).ToArray());
        }
    }

    public void Flushed()
    {
        _current.CopyTo(_flushed, 0);
        _since.Clear();
    }

    public void RequirePossible(ReadOnlySpan<byte> found, string what)
    {
        if (found.SequenceEqual(_flushed))
        {
            return;
        }

        for (int sector = 0; sector < found.Length / SectorSize; sector++)
        {
            ReadOnlySpan<byte> bytes = found.Slice(sector * SectorSize, SectorSize);
            bool isOld = bytes.SequenceEqual(_flushed.AsSpan(sector * SectorSize, SectorSize));
            if (!isOld && !IsNew(sector, bytes))
            {
                Assert.Fail($"{what}: sector {sector} (0x{sector * SectorSize:X}) holds neither what was flushed nor what was written since.");
            }
        }
    }

    private bool IsNew(int sector, ReadOnlySpan<byte> bytes)
    {
        foreach (byte[] value in _since.GetValueOrDefault(sector, []))
        {
            if (bytes.SequenceEqual(value))
            {
                return true;
            }
        }

        return false;
    }
}
