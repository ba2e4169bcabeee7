using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>
/// Lays the volume's own files out: boot sector, $MFTMirr and the fixed tables first, then the journal, $Bitmap and $MFT. The records
/// and indexes are made by the same code that later changes them.
/// </summary>
internal sealed class NtfsFormatLayout
{
    private const int BootSize = 8192;
    private const int FirstRecords = 64; // one word of the table's bitmap
    private const int FirstBitmapBytes = FirstRecords / 8;
    private const uint SystemBits = 6; // hidden, system
    private const long Mebibyte = 1024 * 1024;
    private const int LogChunk = 1024 * 1024;
    private const uint ReadOnlyMask = 0x120089;
    private const uint ReadWriteMask = 0x12019F;
    private const uint FullMask = 0x1F01FF;
    private const uint ModifyMask = 0x1301BF;
    private const uint ReadExecuteMask = 0x1200A9;
    private const byte InheritToAll = 3;
    private const byte InheritOnly = 8;
    private static readonly byte[] Users = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x21, 2, 0, 0];
    private static readonly byte[] AuthenticatedUsers = [1, 1, 0, 0, 0, 0, 0, 5, 11, 0, 0, 0];

    private readonly NtfsVolume _volume;
    private readonly NtfsGeometry _geometry;
    private readonly NtfsFormatOptions _options;
    private readonly List<Run> _taken = [];
    private long _next;

    /// <summary>Prepares the layout.</summary>
    public NtfsFormatLayout(IBlockDevice device, NtfsGeometry geometry, NtfsFormatOptions options)
    {
        _geometry = geometry;
        _options = options;
        _volume = NtfsVolume.CreateBlank(device, geometry, UpCaseTable.Create(), () => options.UtcNow);
    }

    /// <summary>Where the table's mirror starts: right behind the boot sector's file.</summary>
    public static long MirrorLcn(int clusterSize) => ClustersFor(BootSize, clusterSize);

    /// <summary>Where the table starts: behind all that is of a fixed size.</summary>
    public static long MftLcn(int clusterSize, int recordSize, long volumeSize)
    {
        long bitmap = BitmapSize(volumeSize / clusterSize);
        return MirrorLcn(clusterSize) + ClustersFor(MirrorSize(clusterSize, recordSize), clusterSize) + ClustersFor(UpCaseTable.Size, clusterSize)
            + ClustersFor(AttributeDefinitions.Create().Length, clusterSize) + ClustersFor(LogSize(volumeSize), clusterSize)
            + ClustersFor(bitmap, clusterSize) + ClustersFor(FirstBitmapBytes, clusterSize);
    }

    /// <summary>Writes the volume.</summary>
    public void Write()
    {
        NtfsAttribute boot = Take(BootSize);
        NtfsAttribute mirror = Take(MirrorSize(_geometry.ClusterSize, _geometry.RecordSize));
        NtfsAttribute upCase = Take(UpCaseTable.Size);
        NtfsAttribute definitions = Take(AttributeDefinitions.Create().Length);
        NtfsAttribute log = Take(LogSize(_geometry.TotalSectors * _geometry.SectorSize));
        NtfsAttribute bitmap = Take(BitmapSize(_geometry.ClusterCount));
        NtfsAttribute tableBitmap = Take(FirstBitmapBytes, AttributeType.Bitmap);
        NtfsAttribute table = Take(FirstRecords * _geometry.RecordSize);
        if (table.Runs![0].Lcn != _geometry.MftLcn || mirror.Runs![0].Lcn != _geometry.MirrorLcn)
        {
            throw new InvalidOperationException("The layout differs from what the boot sector says.");
        }

        FillTable(table, mirror, tableBitmap);
        Fill(upCase, MemoryMarshal.AsBytes(UpCaseTable.Create().AsSpan()));
        Fill(definitions, AttributeDefinitions.Create());
        FillLog(log);
        PlaceBare(WellKnownRecord.Mft, table, tableBitmap);
        PlaceBare(WellKnownRecord.MftMirror, mirror);
        PlaceBare(WellKnownRecord.Bitmap, bitmap);
        PrepareBitmap(bitmap);
        PlaceRoot();
        PlaceSecure();
        Name(WellKnownRecord.Mft, "$MFT", ReadOnly());
        Name(WellKnownRecord.MftMirror, "$MFTMirr", ReadOnly());
        Place(WellKnownRecord.LogFile, "$LogFile", ReadWrite(), log);
        PlaceVolume();
        Place(WellKnownRecord.AttributeDefinitions, "$AttrDef", ReadOnly(), definitions);
        Name(WellKnownRecord.Root, ".", RootDescriptor());
        Name(WellKnownRecord.Bitmap, "$Bitmap", ReadOnly());
        Place(WellKnownRecord.Boot, "$Boot", ReadOnly(), boot);
        Place(WellKnownRecord.BadClusters, "$BadClus", ReadOnly(), new NtfsAttribute(AttributeType.Data, string.Empty) { Value = [] }, BadClusters());
        Name(WellKnownRecord.Secure, "$Secure", ReadWrite());
        Place(WellKnownRecord.UpCase, "$UpCase", ReadOnly(), upCase);
        PlaceExtend();
        for (long number = WellKnownRecord.FirstReserved; number < WellKnownRecord.FirstUser; number++)
        {
            FileRecord reserved = New(number, (ushort)number, 0, new NtfsAttribute(AttributeType.Data, string.Empty) { Value = [] });
            SetSecurity(reserved, ReadWrite());
        }

        _volume.Flush();
        FillBoot(boot);
        _volume.Device.Flush();
    }

    private static long ClustersFor(long size, int clusterSize) => (size + clusterSize - 1) / clusterSize;

    // Four records, or as many as a cluster holds.
    private static int MirrorSize(int clusterSize, int recordSize) => Math.Max(4 * recordSize, clusterSize);

    private static long BitmapSize(long clusters) => (clusters + 63) / 64 * 8;

    // Small, since every byte of it is written: what Windows wants at least, growing where the volume is large enough.
    private static long LogSize(long volumeSize) => volumeSize switch
    {
        < 16 * Mebibyte => 1 * Mebibyte,
        < 1024 * Mebibyte => 2 * Mebibyte,
        < 8 * 1024 * Mebibyte => 4 * Mebibyte,
        < 64 * 1024 * Mebibyte => 16 * Mebibyte,
        _ => 64 * Mebibyte,
    };

    private static byte[] ReadOnly() => SystemDescriptor(ReadOnlyMask);

    private static byte[] ReadWrite() => SystemDescriptor(ReadWriteMask);

    private static byte[] SystemDescriptor(uint mask) =>
        SecurityInheritance.Compose((SecurityInheritance.System, mask, 0), (SecurityInheritance.Administrators, mask, 0));

    private static byte[] RootDescriptor() => SecurityInheritance.Compose(
        (SecurityInheritance.Administrators, FullMask, InheritToAll),
        (SecurityInheritance.System, FullMask, InheritToAll),
        (SecurityInheritance.CreatorOwner, 0x10000000, InheritToAll | InheritOnly),
        (AuthenticatedUsers, ModifyMask, InheritToAll),
        (Users, ReadExecuteMask, InheritToAll));

    private NtfsAttribute Take(long size, AttributeType type = AttributeType.Data)
    {
        long clusters = ClustersFor(size, _geometry.ClusterSize);
        var attribute = new NtfsAttribute(type, string.Empty)
        {
            Runs = new RunList(),
            AllocatedSize = clusters * _geometry.ClusterSize,
            DataSize = size,
            InitializedSize = size,
        };
        attribute.Runs.Append(_next, clusters);
        _taken.Add(new Run(0, _next, clusters));
        _next += clusters;
        return attribute;
    }

    private void Fill(NtfsAttribute attribute, ReadOnlySpan<byte> bytes) => AttributeIo.WriteClusters(_volume, attribute, 0, bytes);

    private void FillLog(NtfsAttribute log)
    {
        byte[] chunk = new byte[LogChunk];
        chunk.AsSpan().Fill(0xFF);
        for (long at = 0; at < log.DataSize; at += LogChunk)
        {
            AttributeIo.WriteClusters(_volume, log, at, chunk.AsSpan(0, (int)Math.Min(LogChunk, log.DataSize - at)));
        }
    }

    // Every record of the first piece is formatted, so that a reader finds no garbage in those that are free.
    private void FillTable(NtfsAttribute table, NtfsAttribute mirror, NtfsAttribute tableBitmap)
    {
        byte[] bytes = new byte[FirstRecords * _geometry.RecordSize];
        int size = _geometry.RecordSize;
        for (int number = 0; number < bytes.Length / size; number++)
        {
            Span<byte> record = bytes.AsSpan(number * size, size);
            FileRecordHeader.Write(record, number, 1, 0, 0, 0, default, 0);
            FileRecordHeader.Finish(record, FileRecordHeader.FirstAttribute(size), 0);
            UpdateSequence.Protect(record);
        }

        Fill(table, bytes);
        Fill(mirror, bytes.AsSpan(0, (int)mirror.DataSize));
        Fill(tableBitmap, new byte[tableBitmap.AllocatedSize]);
    }

    private void PrepareBitmap(NtfsAttribute bitmap)
    {
        byte[] chunk = new byte[LogChunk];
        byte[] zeros = new byte[LogChunk];
        for (long at = 0; at < bitmap.AllocatedSize; at += LogChunk)
        {
            int count = (int)Math.Min(LogChunk, bitmap.AllocatedSize - at);
            _volume.Device.ReadAt((bitmap.Runs![0].Lcn * _geometry.ClusterSize) + at, chunk.AsSpan(0, count));
            if (!chunk.AsSpan(0, count).SequenceEqual(zeros.AsSpan(0, count)))
            {
                AttributeIo.WriteClusters(_volume, bitmap, at, zeros.AsSpan(0, count));
            }
        }

        foreach (Run run in _taken)
        {
            _volume.Clusters.Mark(run.Lcn, run.Length, isUsed: true);
        }

        // Bits that stand for no cluster count as used.
        _volume.Clusters.Mark(_geometry.ClusterCount, (bitmap.DataSize * 8) - _geometry.ClusterCount, isUsed: true);
    }

    private FileRecord New(long number, ushort sequence, ushort flags, params NtfsAttribute[] attributes)
    {
        var file = new FileRecord(number, sequence) { UpdateNumber = 1 };
        file.Flags |= flags;
        byte[] value = new byte[StandardInformation.Size];
        var standard = new StandardInformation(value);
        standard.SetTimes(new NtfsTimes(_options.UtcNow, _options.UtcNow, _options.UtcNow, _options.UtcNow));
        standard.SetAttributes(SystemBits);
        file.Attributes.Add(new NtfsAttribute(AttributeType.StandardInformation, string.Empty) { Value = value });
        file.Attributes.AddRange(attributes);
        _volume.Files.Place(file);
        return file;
    }

    private void PlaceBare(long number, params NtfsAttribute[] attributes) =>
        New(number, number == WellKnownRecord.Mft ? (ushort)1 : (ushort)number, 0, attributes);

    private void Place(long number, string name, byte[] descriptor, params NtfsAttribute[] attributes)
    {
        New(number, (ushort)number, 0, attributes);
        Name(number, name, descriptor);
    }

    private void Name(long number, string name, byte[] descriptor)
    {
        FileRecord file = _volume.Files.Get(number);
        SetSecurity(file, descriptor);
        _volume.AddSystemName(file, _volume.Files.Get(WellKnownRecord.Root), name, FileNameValue.Win32AndDos);
    }

    private void SetSecurity(FileRecord file, byte[] descriptor) =>
        new StandardInformation(file.RequireValue(AttributeType.StandardInformation, StandardInformation.Size)).SetSecurityId(_volume.Security.Add(descriptor));

    private NtfsAttribute Root(string name, AttributeType indexed, uint collation) =>
        new(AttributeType.IndexRoot, name) { Value = IndexTree.CreateRoot(_geometry, indexed, collation) };

    private void PlaceRoot() => New(
        WellKnownRecord.Root,
        (ushort)WellKnownRecord.Root,
        FileRecordHeader.Directory,
        Root(IndexTree.NamesIndex, AttributeType.FileName, IndexCollation.FileName));

    private void PlaceSecure() => New(
        WellKnownRecord.Secure,
        (ushort)WellKnownRecord.Secure,
        FileRecordHeader.ViewIndex,
        new NtfsAttribute(AttributeType.Data, "$SDS") { Runs = new RunList() },
        Root("$SII", 0, IndexCollation.UInt32),
        Root("$SDH", 0, IndexCollation.SecurityHash));

    private void PlaceVolume()
    {
        byte[] information = new byte[12];
        information[8] = 3;
        information[9] = 1;
        Place(
            WellKnownRecord.Volume,
            "$Volume",
            ReadWrite(),
            new NtfsAttribute(AttributeType.VolumeName, string.Empty) { Value = MemoryMarshal.AsBytes(_options.Label.AsSpan()).ToArray() },
            new NtfsAttribute(AttributeType.VolumeInformation, string.Empty) { Value = information },
            new NtfsAttribute(AttributeType.Data, string.Empty) { Value = [] });
    }

    private NtfsAttribute BadClusters()
    {
        var bad = new NtfsAttribute(AttributeType.Data, "$Bad")
        {
            Runs = new RunList(),
            AllocatedSize = _geometry.ClusterCount * _geometry.ClusterSize,
            DataSize = _geometry.ClusterCount * _geometry.ClusterSize,
        };
        bad.Runs.Append(Run.Hole, _geometry.ClusterCount);
        return bad;
    }

    private void PlaceExtend()
    {
        New(
            WellKnownRecord.Extend,
            (ushort)WellKnownRecord.Extend,
            FileRecordHeader.Directory,
            Root(IndexTree.NamesIndex, AttributeType.FileName, IndexCollation.FileName));
        Name(WellKnownRecord.Extend, "$Extend", ReadWrite());
        PlaceInExtend(24, "$Quota", Root("$O", 0, IndexCollation.Sid), Root("$Q", 0, IndexCollation.UInt32));
        PlaceInExtend(25, "$ObjId", Root("$O", 0, IndexCollation.UInt32s));
        PlaceInExtend(26, "$Reparse", Root("$R", 0, IndexCollation.UInt32s));
        FileRecord quota = _volume.Files.Get(24);
        byte[] administrators = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(administrators, 0x100);
        IndexTree.Of(_volume, quota, "$O").Insert(IndexTree.DataEntry(SecurityInheritance.Administrators, administrators));
        IndexTree quotas = IndexTree.Of(_volume, quota, "$Q");
        quotas.Insert(IndexTree.DataEntry([1, 0, 0, 0], Quota([])));
        quotas.Insert(IndexTree.DataEntry(administrators, Quota(SecurityInheritance.Administrators)));
    }

    // Version 2, the default limits: none.
    private byte[] Quota(byte[] sid)
    {
        byte[] quota = new byte[48 + sid.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(quota, 2);
        BinaryPrimitives.WriteUInt32LittleEndian(quota.AsSpan(4), 1);
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(16), _options.UtcNow.ToFileTimeUtc());
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(24), -1);
        BinaryPrimitives.WriteInt64LittleEndian(quota.AsSpan(32), -1);
        sid.CopyTo(quota, 48);
        return quota;
    }

    private void PlaceInExtend(long number, string name, params NtfsAttribute[] roots)
    {
        FileRecord file = New(number, 1, FileRecordHeader.ViewIndex | FileRecordHeader.IsExtend, roots);
        StandardInformation standard = new(file.RequireValue(AttributeType.StandardInformation, StandardInformation.Size));
        standard.SetAttributes(SystemBits | (uint)FileAttributes.Archive);
        SetSecurity(file, ReadWrite());
        _volume.AddSystemName(file, _volume.Files.Get(WellKnownRecord.Extend), name, FileNameValue.Posix);
    }

    private void FillBoot(NtfsAttribute boot)
    {
        byte[] bytes = new byte[boot.AllocatedSize];
        _geometry.Write(bytes.AsSpan(0, NtfsGeometry.BootSectorSize), _options.HiddenSectors);
        Fill(boot, bytes);
        _volume.Device.WriteAt(_geometry.TotalSectors * _geometry.SectorSize, bytes.AsSpan(0, _geometry.SectorSize));
    }
}
