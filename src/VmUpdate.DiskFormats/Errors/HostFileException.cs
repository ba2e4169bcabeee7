namespace VmUpdate.DiskFormats;

/// <summary>A file or folder of the host could not be opened, read, written or renamed.</summary>
public sealed class HostFileException : VmUpdateException
{
    /// <summary>Makes the failure.</summary>
    /// <param name="failure">The cause.</param>
    /// <param name="path">The file's or folder's path.</param>
    /// <param name="message">One sentence: what was tried and what stood in the way.</param>
    /// <param name="inner">The failure behind it, if any.</param>
    public HostFileException(HostFileFailure failure, string path, string message, Exception? inner = null)
        : base(path, string.Empty, $"{path}: {message}", inner) => Failure = failure;

    /// <summary>The cause.</summary>
    public HostFileFailure Failure { get; }

    /// <inheritdoc/>
    public override string Code => $"HostFile{Failure}";

    /// <inheritdoc/>
    public override bool IsTransient => Failure is HostFileFailure.InUse or HostFileFailure.DiskFull;
}
