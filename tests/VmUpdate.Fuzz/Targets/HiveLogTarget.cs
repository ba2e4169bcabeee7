using VmUpdate.DiskFormats.Registry;

namespace VmUpdate.Fuzz.Targets;

/// <summary>A dirty hive and its log, in both forms.</summary>
public sealed class HiveLogTarget : HiveTarget
{
    private readonly byte[][][] _seeds = [HiveSeeds.WithLog(oldForm: false), HiveSeeds.WithLog(oldForm: true)];

    public override string Name => "hive-log";

    protected override IReadOnlyList<byte[][]> Seeds => _seeds;

    protected override void Repair(FuzzFile[] files)
    {
        RepairBlock(files[0]);
        RepairBlock(files[1]);
        FuzzFile log = files[1];
        if (log.Length < 512 + LogEntry.HeaderSize || log.ReadUInt32(512) != 0x454C7648)
        {
            return;
        }

        uint size = log.ReadUInt32(516);
        if (size < LogEntry.HeaderSize || size > log.Length - 512)
        {
            return;
        }

        byte[] entry = log.Read(512, (int)size);
        BitConverter.TryWriteBytes(entry.AsSpan(24), Marvin32.Hash(entry.AsSpan(40)));
        BitConverter.TryWriteBytes(entry.AsSpan(32), Marvin32.Hash(entry.AsSpan(0, 32)));
        log.WriteAt(512, entry);
    }
}
