namespace VmUpdate.DiskFormats.Vhdx.Log;

/// <summary>A change that a log entry asks for.</summary>
/// <param name="Offset">Where in the file, in bytes; a multiple of 4096.</param>
/// <param name="Length">How many bytes; a multiple of 4096.</param>
/// <param name="Page">The 4096 bytes; <see langword="null"/> for zeros.</param>
internal sealed record LogWrite(long Offset, long Length, byte[]? Page)
{
    /// <summary>The first byte behind it.</summary>
    internal long End => Offset + Length;
}
