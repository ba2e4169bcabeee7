using System.Runtime.InteropServices;

namespace VmUpdate.DiskFormats.Ntfs;

/// <summary>A file record's number (48 bits) and how often the record was given out (16 bits), as the volume stores both.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct FileReference(long number, ushort sequence)
{
    private const ulong NumberMask = 0xFFFF_FFFF_FFFF;

    /// <summary>Reads a stored reference.</summary>
    public FileReference(ulong stored)
        : this((long)(stored & NumberMask), (ushort)(stored >> 48))
    {
    }

    /// <summary>The record's number.</summary>
    public long Number { get; } = number;

    /// <summary>The record's sequence number.</summary>
    public ushort Sequence { get; } = sequence;

    /// <summary>As the volume stores it.</summary>
    public ulong Stored => (ulong)Number | ((ulong)Sequence << 48);
}
