using System.Buffers.Binary;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>Makes the security descriptor that a new file or folder inherits.</summary>
/// <remarks>
/// [MS-DTYP] 2.5.3.4. An entry of the folder's list reaches a file when it says OBJECT_INHERIT, a folder when it says CONTAINER_INHERIT;
/// one with OBJECT_INHERIT alone passes through a folder without working on it; NO_PROPAGATE ends at the child. Owner is
/// Administrators and group SYSTEM, as for what Windows' own services make.
/// </remarks>
internal static class SecurityInheritance
{
    private const int HeaderSize = 20;
    private const int AclHeaderSize = 8;
    private const ushort DaclPresent = 0x0004;
    private const ushort SaclPresent = 0x0010;
    private const ushort DaclAutoInherited = 0x0400;
    private const ushort SaclAutoInherited = 0x0800;
    private const ushort SelfRelative = 0x8000;
    private const int ObjectInherit = 0x01;
    private const int ContainerInherit = 0x02;
    private const int NoPropagate = 0x04;
    private const int InheritOnly = 0x08;
    private const int Inherited = 0x10;
    private const int PropagationMask = 0x0F;
    private const string Structure = "security descriptor";

    /// <summary>S-1-5-18.</summary>
    public static readonly byte[] System = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
    /// <summary>S-1-5-32-544.</summary>
    public static readonly byte[] Administrators = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
    /// <summary>S-1-3-0: whoever makes the child.</summary>
    public static readonly byte[] CreatorOwner = [1, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0];
    private static readonly byte[] CreatorGroup = [1, 1, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0];

    /// <summary>Makes the descriptor.</summary>
    /// <param name="folder">The folder's descriptor; empty when it has none.</param>
    /// <param name="isDirectory">Whether it is for a folder.</param>
    public static byte[] Create(ReadOnlySpan<byte> folder, bool isDirectory)
    {
        List<byte[]> access = Inherit(folder, 16, isDirectory);
        List<byte[]> audit = Inherit(folder, 12, isDirectory);
        ushort control = SelfRelative | DaclPresent;
        if (access.Count > 0)
        {
            control |= DaclAutoInherited;
        }
        else
        {
            access.Add(Allow(System));
            access.Add(Allow(Administrators));
        }

        if (audit.Count > 0)
        {
            control |= SaclPresent | SaclAutoInherited;
        }

        return Compose(control, audit, access);
    }

    /// <summary>Checks what may be stored as a descriptor.</summary>
    public static void Check(ReadOnlySpan<byte> descriptor)
    {
        bool fits = descriptor.Length >= HeaderSize && descriptor.Length <= NtfsLimits.MaxSecurityDescriptorSize && descriptor[0] == 1
            && (BinaryPrimitives.ReadUInt16LittleEndian(descriptor.Slice(2)) & SelfRelative) != 0;
        for (int field = 4; fits && field < HeaderSize; field += 4)
        {
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(descriptor.Slice(field));
            fits = offset == 0 || (offset >= HeaderSize && offset <= descriptor.Length - AclHeaderSize);
        }

        if (!fits)
        {
            throw NtfsError.Inconsistent(Structure, -1, "it is not self-relative, or its parts lie outside it.");
        }
    }

    /// <summary>Makes a descriptor of access entries, for the volume's own files.</summary>
    public static byte[] Compose(params (byte[] Sid, uint Mask, byte Flags)[] entries) =>
        Compose(SelfRelative | DaclPresent, [], entries.Select(e => Ace(0, e.Flags, e.Mask, e.Sid)).ToList());

    private static byte[] Allow(byte[] sid) => Ace(0, 0, 0x1F01FF, sid);

    private static byte[] Ace(byte type, int flags, uint mask, ReadOnlySpan<byte> sid)
    {
        byte[] ace = new byte[8 + sid.Length];
        ace[0] = type;
        ace[1] = (byte)flags;
        BinaryPrimitives.WriteUInt16LittleEndian(ace.AsSpan(2), (ushort)ace.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(ace.AsSpan(4), mask);
        sid.CopyTo(ace.AsSpan(8));
        return ace;
    }

    private static List<byte[]> Inherit(ReadOnlySpan<byte> folder, int listField, bool isDirectory)
    {
        List<byte[]> result = [];
        if (folder.Length < HeaderSize)
        {
            return result;
        }

        ushort present = listField == 16 ? DaclPresent : SaclPresent;
        long start = BinaryPrimitives.ReadUInt32LittleEndian(folder.Slice(listField));
        bool isPresent = (BinaryPrimitives.ReadUInt16LittleEndian(folder.Slice(2)) & present) != 0;
        if (!isPresent || start < HeaderSize || start > folder.Length - AclHeaderSize)
        {
            return result;
        }

        ReadOnlySpan<byte> list = folder.Slice((int)start);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(list.Slice(4));
        int at = AclHeaderSize;
        for (int i = 0; i < count; i++)
        {
            int size = list.Length - at >= 8 ? BinaryPrimitives.ReadUInt16LittleEndian(list.Slice(at + 2)) : 0;
            if (size < 8 || size > list.Length - at)
            {
                throw NtfsError.OutOfBounds(Structure, -1, $"an access entry of {size} bytes leaves its list.");
            }

            InheritEntry(list.Slice(at, size), isDirectory, result);
            at += size;
        }

        return result;
    }

    private static void InheritEntry(ReadOnlySpan<byte> entry, bool isDirectory, List<byte[]> result)
    {
        int flags = entry[1];
        if (!isDirectory)
        {
            if ((flags & ObjectInherit) != 0)
            {
                result.Add(Effective(entry, (flags & ~PropagationMask) | Inherited));
            }

            return;
        }

        bool passes = (flags & NoPropagate) == 0;
        int passed = (flags & ~(InheritOnly | NoPropagate)) | Inherited;
        if ((flags & ContainerInherit) == 0)
        {
            // For files only: it works on nothing here, and goes on when it may.
            if ((flags & ObjectInherit) != 0 && passes)
            {
                result.Add(WithFlags(entry, passed | InheritOnly));
            }

            return;
        }

        byte[] effective = Effective(entry, (flags & ~PropagationMask) | Inherited);
        if (!passes)
        {
            result.Add(effective);
        }
        else if (effective.AsSpan(4).SequenceEqual(entry.Slice(4)))
        {
            result.Add(WithFlags(entry, passed));
        }
        else
        {
            // Generic rights and creators are settled for this folder, and kept as they are for what comes below.
            result.Add(effective);
            result.Add(WithFlags(entry, passed | InheritOnly));
        }
    }

    private static byte[] WithFlags(ReadOnlySpan<byte> entry, int flags)
    {
        byte[] copy = entry.ToArray();
        copy[1] = (byte)flags;
        return copy;
    }

    private static byte[] Effective(ReadOnlySpan<byte> entry, int flags)
    {
        // Types 0 to 3 and 9 to 13 have the SID right behind the mask; the others (object entries) are not of files.
        bool isPlain = entry[0] is <= 3 or (>= 9 and <= 13);
        ReadOnlySpan<byte> sid = entry.Slice(8);
        if (!isPlain)
        {
            return WithFlags(entry, flags);
        }

        uint mask = MapGeneric(BinaryPrimitives.ReadUInt32LittleEndian(entry.Slice(4)));
        if (sid.StartsWith(CreatorOwner))
        {
            sid = Administrators;
        }
        else if (sid.StartsWith(CreatorGroup))
        {
            sid = System;
        }

        return Ace(entry[0], flags, mask, sid);
    }

    private static uint MapGeneric(uint mask)
    {
        uint mapped = mask & 0x0FFFFFFF;
        mapped |= (mask & 0x80000000) != 0 ? 0x120089u : 0;
        mapped |= (mask & 0x40000000) != 0 ? 0x120116u : 0;
        mapped |= (mask & 0x20000000) != 0 ? 0x1200A0u : 0;
        return mapped | ((mask & 0x10000000) != 0 ? 0x1F01FFu : 0);
    }

    private static byte[] Compose(ushort control, List<byte[]> audit, List<byte[]> access)
    {
        int auditSize = audit.Count == 0 ? 0 : AclHeaderSize + audit.Sum(a => a.Length);
        int accessSize = AclHeaderSize + access.Sum(a => a.Length);
        byte[] bytes = new byte[HeaderSize + auditSize + accessSize + Administrators.Length + System.Length];
        bytes[0] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2), control);
        int at = HeaderSize;
        if (auditSize > 0)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(12), at);
            at += WriteList(bytes.AsSpan(at, auditSize), audit);
        }

        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(16), at);
        at += WriteList(bytes.AsSpan(at, accessSize), access);
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), at);
        Administrators.CopyTo(bytes, at);
        at += Administrators.Length;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), at);
        System.CopyTo(bytes, at);
        return bytes;
    }

    private static int WriteList(Span<byte> target, List<byte[]> entries)
    {
        if (target.Length > ushort.MaxValue)
        {
            throw NtfsError.LimitExceeded(Structure, -1, $"the inherited list has {target.Length} bytes; {ushort.MaxValue} at most.");
        }

        target[0] = 2;
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(2), (ushort)target.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(target.Slice(4), (ushort)entries.Count);
        int at = AclHeaderSize;
        foreach (byte[] entry in entries)
        {
            entry.CopyTo(target.Slice(at));
            at += entry.Length;
        }

        return target.Length;
    }
}
