using System.Collections.Concurrent;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Files;

/// <summary>Counts what is read, written and flushed, of each file and together.</summary>
/// <param name="inner">What stands behind.</param>
public sealed class CountingFileSystem(IHostFileSystem inner) : FileSystemDecorator(inner)
{
    private readonly ConcurrentQueue<FileOperation> _operations = new();

    /// <summary>Every call, in its order.</summary>
    public IReadOnlyList<FileOperation> Operations => [.. _operations];

    public long BytesRead => Sum(FileOperationKind.Read, null);

    public long BytesWritten => Sum(FileOperationKind.Write, null);

    /// <summary>Flushes of files and folders.</summary>
    public int Flushes => _operations.Count(operation => operation.Kind is FileOperationKind.Flush or FileOperationKind.FlushFolder);

    public long BytesReadOf(string path) => Sum(FileOperationKind.Read, Path.GetFullPath(path));

    public long BytesWrittenOf(string path) => Sum(FileOperationKind.Write, Path.GetFullPath(path));

    public int FlushesOf(string path) => _operations.Count(operation =>
        operation.Path == Path.GetFullPath(path) && operation.Kind is FileOperationKind.Flush or FileOperationKind.FlushFolder);

    public void Reset() => _operations.Clear();

    protected override void Before(FileOperation operation) => _operations.Enqueue(operation);

    private long Sum(FileOperationKind kind, string? path) =>
        _operations.Where(operation => operation.Kind == kind && (path is null || operation.Path == path)).Sum(operation => operation.Bytes);
}
