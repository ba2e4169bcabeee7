using System.Buffers.Binary;
using System.Runtime.InteropServices;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>What a VHDX file says of its disk: sizes, id, parent.</summary>
/// <remarks>
/// [MS-VHDX] 2.6. The region starts with a table of 64 KiB; little-endian, offset and length in bytes:
/// <code>
///  0    8  Signature   "metadata"
/// 10    2  EntryCount  at most 2047
/// 32   32  each entry:  ItemId (16), Offset (4), Length (4), Flags (4: 1 user, 2 virtual disk, 4 required), Reserved (4)
/// </code>
/// Items: File Parameters (block size; 1 leave blocks allocated, 2 has parent), Virtual Disk Size, Virtual Disk ID, Logical and
/// Physical Sector Size, Parent Locator.
/// </remarks>
internal sealed class VhdxMetadata
{
    internal const int RegionSize = VhdxLimits.OneMebibyte;

    private const string Structure = "VHDX metadata table";
    private const ulong Signature = 0x617461646174656D; // "metadata"
    private const int TableSize = 64 * 1024;
    private const int HeaderSize = 32;
    private const int EntrySize = 32;
    private const uint UserFlag = 1;
    private const uint VirtualDiskFlag = 2;
    private const uint RequiredFlag = 4;
    private const uint LeaveAllocatedFlag = 1;
    private const uint HasParentFlag = 2;
    private static readonly Guid FileParameters = new("CAA16737-FA36-4D43-B3B6-33F0AA44E76B");
    private static readonly Guid VirtualDiskSize = new("2FA54224-CD1B-4876-B211-5DBED83BF4B8");
    private static readonly Guid VirtualDiskIdItem = new("BECA12AB-B2E6-4523-93EF-C309E000C746");
    private static readonly Guid LogicalSectorSizeItem = new("8141BF1D-A96F-4709-BA47-F233A8FAAB5F");
    private static readonly Guid PhysicalSectorSizeItem = new("CDA348C7-445D-4471-9CC9-E9885251C556");
    private static readonly Guid ParentLocatorItem = new("A8D35F2D-B30B-454D-ABF7-D3D84834AB0C");

    internal required int BlockSize { get; init; }

    internal required bool LeaveBlocksAllocated { get; init; }

    internal required long VirtualLength { get; init; }

    internal required Guid VirtualDiskId { get; init; }

    internal required int LogicalSectorSize { get; init; }

    internal required int PhysicalSectorSize { get; init; }

    /// <summary>How to find the parent; <see langword="null"/> when the disk has none.</summary>
    internal required ParentLocator? Parent { get; init; }

    /// <summary>Reads the region.</summary>
    /// <param name="file">The file as it is after the log's replay.</param>
    /// <param name="region">Where the region is.</param>
    internal static VhdxMetadata Read(IBlockDevice file, FileRange region)
    {
        Dictionary<Guid, FileRange> items = ReadTable(file, region);
        byte[] parameters = ReadItem(file, items, FileParameters, 8, "File Parameters", region);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(parameters.AsSpan(4));
        bool hasParent = (flags & HasParentFlag) != 0;
        if (hasParent && !items.ContainsKey(ParentLocatorItem))
        {
            throw Bad(DiskFormatDefect.Inconsistent, region, "the disk is differencing and has no parent locator.");
        }

        var metadata = new VhdxMetadata
        {
            BlockSize = (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(parameters), int.MaxValue),
            LeaveBlocksAllocated = (flags & LeaveAllocatedFlag) != 0,
            VirtualLength = (long)Math.Min(
                BinaryPrimitives.ReadUInt64LittleEndian(ReadItem(file, items, VirtualDiskSize, 8, "Virtual Disk Size", region)), long.MaxValue),
            VirtualDiskId = items.ContainsKey(VirtualDiskIdItem)
                ? MemoryMarshal.Read<Guid>(ReadItem(file, items, VirtualDiskIdItem, 16, "Virtual Disk ID", region))
                : Guid.Empty,
            LogicalSectorSize = ReadSectorSize(file, items, LogicalSectorSizeItem, "Logical Sector Size", region),
            PhysicalSectorSize = items.ContainsKey(PhysicalSectorSizeItem)
                ? ReadSectorSize(file, items, PhysicalSectorSizeItem, "Physical Sector Size", region)
                : 4096,
            Parent = hasParent ? ReadLocator(file, items[ParentLocatorItem]) : null,
        };
        metadata.Require(region);
        return metadata;
    }

    /// <summary>The region's start as it lies in a new file, in whole pages. All behind it is zero.</summary>
    internal byte[] ToBytes()
    {
        byte[] parameters = new byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(parameters, (uint)BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(
            parameters.AsSpan(4), (LeaveBlocksAllocated ? LeaveAllocatedFlag : 0) | (Parent is null ? 0 : HasParentFlag));
        List<(Guid Id, uint Flags, byte[] Value)> items =
        [
            (FileParameters, RequiredFlag, parameters),
            (VirtualDiskSize, RequiredFlag | VirtualDiskFlag, BitConverter.GetBytes(VirtualLength)),
            (VirtualDiskIdItem, RequiredFlag | VirtualDiskFlag, VirtualDiskId.ToByteArray()),
            (LogicalSectorSizeItem, RequiredFlag | VirtualDiskFlag, BitConverter.GetBytes(LogicalSectorSize)),
            (PhysicalSectorSizeItem, RequiredFlag | VirtualDiskFlag, BitConverter.GetBytes(PhysicalSectorSize)),
        ];
        if (Parent is not null)
        {
            items.Add((ParentLocatorItem, RequiredFlag, Parent.ToBytes()));
        }

        int length = TableSize + items.Sum(item => RoomFor(item.Value));
        byte[] region = new byte[(length + VhdxLimits.PageSize - 1) / VhdxLimits.PageSize * VhdxLimits.PageSize];
        BinaryPrimitives.WriteUInt64LittleEndian(region, Signature);
        BinaryPrimitives.WriteUInt16LittleEndian(region.AsSpan(10), (ushort)items.Count);
        int end = TableSize;
        for (int index = 0; index < items.Count; index++)
        {
            (Guid id, uint flags, byte[] value) = items[index];
            Span<byte> entry = region.AsSpan(HeaderSize + (index * EntrySize));
            id.ToByteArray().CopyTo(entry);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(16), (uint)end);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(20), (uint)value.Length);
            BinaryPrimitives.WriteUInt32LittleEndian(entry.Slice(24), flags);
            value.CopyTo(region, end);
            end += RoomFor(value);
        }

        return region;
    }

    private static int RoomFor(byte[] value) => (value.Length + 7) & ~7;

    private static Dictionary<Guid, FileRange> ReadTable(IBlockDevice file, FileRange region)
    {
        byte[] head = new byte[HeaderSize];
        file.ReadAt(region.Offset, head);
        if (BinaryPrimitives.ReadUInt64LittleEndian(head) != Signature)
        {
            throw Bad(DiskFormatDefect.WrongSignature, region, "it does not start with 'metadata'.");
        }

        int count = BinaryPrimitives.ReadUInt16LittleEndian(head.AsSpan(10));
        if (count > VhdxLimits.MaxTableEntries)
        {
            throw Bad(DiskFormatDefect.LimitExceeded, region, $"it claims {count} entries, and {VhdxLimits.MaxTableEntries} is the most.");
        }

        byte[] entries = new byte[count * EntrySize];
        file.ReadAt(region.Offset + HeaderSize, entries);
        var items = new Dictionary<Guid, FileRange>();
        for (int index = 0; index < count; index++)
        {
            ReadOnlySpan<byte> entry = entries.AsSpan(index * EntrySize, EntrySize);
            Guid id = MemoryMarshal.Read<Guid>(entry);
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(16));
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(20));
            uint flags = BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(24));
            if ((length != 0 && offset < TableSize) || offset > region.Length || length > region.Length - offset)
            {
                throw Bad(DiskFormatDefect.OutOfBounds, region, $"the item {id} (0x{length:X} bytes at 0x{offset:X}) lies outside its region.");
            }

            if (length > VhdxLimits.MaxMetadataItemLength)
            {
                throw Bad(DiskFormatDefect.LimitExceeded, region, $"the item {id} has 0x{length:X} bytes.");
            }

            bool ours = (flags & UserFlag) == 0;
            if (!ours || !IsKnown(id))
            {
                if ((flags & RequiredFlag) != 0)
                {
                    throw Bad(DiskFormatDefect.NotSupported, region, $"the item {id} is required and not known.");
                }

                continue;
            }

            if (items.ContainsKey(id))
            {
                throw Bad(DiskFormatDefect.Inconsistent, region, $"the item {id} is listed twice.");
            }

            items.Add(id, new FileRange(region.Offset + offset, length));
        }

        return items;
    }

    private static bool IsKnown(Guid id) =>
        id == FileParameters || id == VirtualDiskSize || id == VirtualDiskIdItem
        || id == LogicalSectorSizeItem || id == PhysicalSectorSizeItem || id == ParentLocatorItem;

    private static byte[] ReadItem(IBlockDevice file, Dictionary<Guid, FileRange> items, Guid id, int length, string name, FileRange region)
    {
        if (!items.TryGetValue(id, out FileRange place))
        {
            throw Bad(DiskFormatDefect.Inconsistent, region, $"the item {name} is missing.");
        }

        if (place.Length != length)
        {
            throw Bad(DiskFormatDefect.Inconsistent, region, $"the item {name} has {place.Length} bytes instead of {length}.");
        }

        byte[] bytes = new byte[length];
        file.ReadAt(place.Offset, bytes);
        return bytes;
    }

    private static int ReadSectorSize(IBlockDevice file, Dictionary<Guid, FileRange> items, Guid id, string name, FileRange region)
    {
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(ReadItem(file, items, id, 4, name, region));
        return size is 512 or 4096
            ? (int)size
            : throw Bad(DiskFormatDefect.Inconsistent, region, $"the {name} is {size}; 512 and 4096 are the two that exist.");
    }

    private static ParentLocator ReadLocator(IBlockDevice file, FileRange place)
    {
        if (place.Length > VhdxLimits.MaxParentLocatorLength)
        {
            throw new DiskFormatException(
                DiskFormatDefect.LimitExceeded, ParentLocator.Structure, place.Offset, $"it has 0x{place.Length:X} bytes.");
        }

        byte[] bytes = new byte[(int)place.Length];
        file.ReadAt(place.Offset, bytes);
        return ParentLocator.Parse(bytes, place.Offset);
    }

    private static DiskFormatException Bad(DiskFormatDefect defect, FileRange region, string what) => new(defect, Structure, region.Offset, what);

    private void Require(FileRange region)
    {
        if (BlockSize is < VhdxLimits.MinBlockSize or > VhdxLimits.MaxBlockSize || (BlockSize & (BlockSize - 1)) != 0)
        {
            throw Bad(DiskFormatDefect.Inconsistent, region, $"the block size {BlockSize} is not a power of two from 1 MiB to 256 MiB.");
        }

        if (VirtualLength is 0 or > VhdxLimits.MaxVirtualLength || VirtualLength % LogicalSectorSize != 0)
        {
            throw Bad(
                DiskFormatDefect.Inconsistent,
                region,
                $"the disk's size {VirtualLength} is zero, over 64 TiB, or not whole sectors of {LogicalSectorSize} bytes.");
        }
    }
}
