using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Simulation.Files;

/// <summary>Stands before other folders and files and sees every call first.</summary>
/// <param name="inner">What stands behind.</param>
public abstract class FileSystemDecorator(IHostFileSystem inner) : IHostFileSystem
{
    public IHostFolder OpenFolder(string path) => new Folder(this, inner.OpenFolder(path));

    public IHostFolder CreateFolder(string path, bool ownerOnly) => new Folder(this, inner.CreateFolder(path, ownerOnly));

    /// <summary>Called before each call is passed on; what it throws the caller gets.</summary>
    protected abstract void Before(FileOperation operation);

    private sealed class Folder(FileSystemDecorator owner, IHostFolder inner) : IHostFolder
    {
        public string Path => inner.Path;

        public long FreeBytes => inner.FreeBytes;

        public IBlockFile Create(string name)
        {
            string path = PathOf(name);
            owner.Before(new FileOperation(FileOperationKind.Create, path));
            return new File(owner, path, inner.Create(name));
        }

        public IBlockFile Open(string name, HostFileMode mode)
        {
            string path = PathOf(name);
            owner.Before(new FileOperation(FileOperationKind.Open, path));
            return new File(owner, path, inner.Open(name, mode));
        }

        public bool Exists(string name) => inner.Exists(name);

        public IReadOnlyList<string> Enumerate() => inner.Enumerate();

        public void Rename(string from, string to)
        {
            owner.Before(new FileOperation(FileOperationKind.Rename, PathOf(from)));
            inner.Rename(from, to);
        }

        public void Delete(string name)
        {
            owner.Before(new FileOperation(FileOperationKind.Delete, PathOf(name)));
            inner.Delete(name);
        }

        public void Flush()
        {
            owner.Before(new FileOperation(FileOperationKind.FlushFolder, Path));
            inner.Flush();
        }

        private string PathOf(string name) => System.IO.Path.Combine(Path, name);
    }

    private sealed class File(FileSystemDecorator owner, string path, IBlockFile inner) : IBlockFile, IIdentifiedFile
    {
        public long Length => inner.Length;

        public bool CanWrite => inner.CanWrite;

        public string? Identity => (inner as IIdentifiedFile)?.Identity;

        public void ReadAt(long offset, Span<byte> buffer)
        {
            owner.Before(new FileOperation(FileOperationKind.Read, path, buffer.Length));
            inner.ReadAt(offset, buffer);
        }

        public void WriteAt(long offset, ReadOnlySpan<byte> buffer)
        {
            owner.Before(new FileOperation(FileOperationKind.Write, path, buffer.Length));
            inner.WriteAt(offset, buffer);
        }

        public void SetLength(long length)
        {
            owner.Before(new FileOperation(FileOperationKind.SetLength, path));
            inner.SetLength(length);
        }

        public void Flush()
        {
            if (CanWrite)
            {
                owner.Before(new FileOperation(FileOperationKind.Flush, path));
                inner.Flush();
            }
        }

        public void Dispose() => inner.Dispose();
    }
}
