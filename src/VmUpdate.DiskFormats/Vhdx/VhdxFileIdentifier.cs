using System.Buffers.Binary;
using System.Text;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.DiskFormats.Vhdx;

/// <summary>The first bytes of a VHDX file, by which it is known.</summary>
/// <remarks>
/// [MS-VHDX] 2.2.1. Offset and length in bytes:
/// <code>
///  0    8  Signature  "vhdxfile"
///  8  512  Creator    UTF-16, who made the file; for people only
/// </code>
/// </remarks>
internal static class VhdxFileIdentifier
{
    internal const int Size = 520;
    private const ulong Signature = 0x656C696678646876; // "vhdxfile"
    private const ulong VhdSignature = 0x78697463656E6F63; // "conectix"
    private const uint QcowSignature = 0xFB494651; // "QFI" and 0xFB
    private const uint VmdkSignature = 0x564D444B; // "KDMV"
    private const string Structure = "VHDX file identifier";
    private const int VhdFooterSize = 512;
    private const string Creator = "VmUpdate";

    /// <summary>Throws with the way out when the file is something else.</summary>
    internal static void Require(IBlockDevice file)
    {
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        if (file.Length < start.Length)
        {
            throw Wrong(file.Length == 0 ? "the file is empty: its creation was never finished." : $"the file has only {file.Length} bytes.");
        }

        file.ReadAt(0, start);
        ulong signature = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (signature == Signature)
        {
            return;
        }

        throw Wrong(IsVhd(file, signature)
            ? "the file is a VHD, the older format; convert it with Convert-VHD, or with qemu-img convert -O vhdx."
            : (signature & uint.MaxValue) switch
            {
                QcowSignature => "the file is a qcow2 image; convert it with qemu-img convert -O vhdx.",
                VmdkSignature => "the file is a VMDK image; convert it with qemu-img convert -O vhdx.",
                0 => "the file starts with zeros: it is a raw image, or its creation as VHDX was never finished.",
                _ => "the file is not a VHDX: it does not start with 'vhdxfile'.",
            });
    }

    /// <summary>The identifier of a file that we make.</summary>
    internal static void Write(Span<byte> bytes)
    {
        bytes.Slice(0, Size).Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, Signature);
        Encoding.Unicode.GetBytes(Creator).CopyTo(bytes.Slice(sizeof(ulong)));
    }

    private static bool IsVhd(IBlockDevice file, ulong start)
    {
        // A dynamic VHD repeats its footer at the start; a fixed one has it only in its last sector.
        if (start == VhdSignature)
        {
            return true;
        }

        if (file.Length < VhdFooterSize)
        {
            return false;
        }

        Span<byte> footer = stackalloc byte[sizeof(ulong)];
        file.ReadAt(file.Length - VhdFooterSize, footer);
        return BinaryPrimitives.ReadUInt64LittleEndian(footer) == VhdSignature;
    }

    private static DiskFormatException Wrong(string what) => new(DiskFormatDefect.WrongFormat, Structure, 0, what);
}
