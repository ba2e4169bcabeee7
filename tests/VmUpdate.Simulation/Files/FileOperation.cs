namespace VmUpdate.Simulation.Files;

/// <summary>What a program asks of a file or folder.</summary>
public enum FileOperationKind
{
    Create,
    Open,
    Read,
    Write,
    SetLength,
    Flush,
    Rename,
    Delete,
    FlushFolder,
}

/// <summary>One thing that a program asks.</summary>
/// <param name="Kind">What.</param>
/// <param name="Path">Of which file or folder.</param>
/// <param name="Bytes">How many bytes, for reads and writes.</param>
public sealed record FileOperation(FileOperationKind Kind, string Path, long Bytes = 0);
