using System.Reflection;
using VmUpdate.DiskFormats;
using VmUpdate.DiskFormats.Blocks;

namespace VmUpdate.Core.Identity;

/// <summary>All sets this library knows: data files that ship with it, and those an administrator adds.</summary>
public sealed class IdentityCatalogue
{
    private const string ResourcePrefix = "identity-catalogue/";
    private const string Extension = ".json";
    private const int MaxFileSize = 1 << 20; // the longest that ships has 4 KiB

    private static readonly Lazy<IdentityCatalogue> BuiltIn = new(() => Load([]));

    private IdentityCatalogue(IReadOnlyList<IdentitySet> sets) => Sets = sets;

    /// <summary>The sets, dependencies first.</summary>
    public IReadOnlyList<IdentitySet> Sets { get; }

    /// <summary>The part of it whose truth changes while the machine runs, and what that depends on: what the way back takes from the newer disk.</summary>
    internal IdentityCatalogue Rotating
    {
        get
        {
            var wanted = new HashSet<string>(StringComparer.Ordinal);
            foreach (IdentitySet set in Sets.Reverse().Where(set => set.Rotates || wanted.Contains(set.Id)))
            {
                wanted.Add(set.Id);
                wanted.UnionWith(set.DependsOn);
            }

            return new IdentityCatalogue(Sets.Where(set => wanted.Contains(set.Id)).ToList());
        }
    }

    /// <summary>Loads the sets that ship with the library.</summary>
    /// <returns>The catalogue.</returns>
    public static IdentityCatalogue LoadBuiltIn() => BuiltIn.Value;

    /// <summary>Loads the sets that ship with the library, and a user's own; a user's set replaces the shipped one of the same id.</summary>
    /// <param name="userFiles">File names and their bytes, UTF-8 JSON.</param>
    /// <returns>The catalogue.</returns>
    /// <exception cref="IdentityException">A file is not valid: file, line and reason.</exception>
    public static IdentityCatalogue Load(IReadOnlyList<(string FileName, byte[] Json)> userFiles)
    {
        var sets = new Dictionary<string, (IdentitySet Set, string File)>(StringComparer.Ordinal);
        foreach ((string file, byte[] json) in BuiltInFiles())
        {
            IdentitySet set = CatalogueFile.Read(file, json);
            sets.Add(set.Id, (set, file));
        }

        var byUser = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string file, byte[] json) in userFiles)
        {
            IdentitySet set = CatalogueFile.Read(file, json);
            if (byUser.TryGetValue(set.Id, out string? other))
            {
                throw CatalogueFile.Invalid(file, 1, $"the set '{set.Id}' is in {other} already.");
            }

            byUser.Add(set.Id, file);
            sets[set.Id] = (set, file);
        }

        return new IdentityCatalogue(InOrder(sets));
    }

    /// <summary>Loads the sets that ship with the library, and a user's own from files of the host.</summary>
    /// <param name="files">Where host files come from.</param>
    /// <param name="paths">Full paths: of files ending with <c>.json</c>, and of folders, whose files ending so are taken in the order of their names.</param>
    /// <returns>The catalogue.</returns>
    /// <exception cref="IdentityException">A file is not valid: file, line and reason.</exception>
    /// <exception cref="HostFileException">A file or folder cannot be read.</exception>
    public static IdentityCatalogue Load(IHostFileSystem files, IReadOnlyList<string> paths)
    {
        var found = new List<(string FileName, byte[] Json)>();
        foreach (string path in paths)
        {
            bool isFile = path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);
            IHostFolder folder = files.OpenFolder(isFile ? Path.GetDirectoryName(path)! : path);
            IEnumerable<string> names = isFile
                ? [Path.GetFileName(path)]
                : folder.Enumerate().Where(IsSetFile).OrderBy(name => name, StringComparer.Ordinal);
            found.AddRange(names.Select(name => (Path.Combine(folder.Path, name), ReadAll(folder, name))));
        }

        return Load(found);
    }

    /// <summary>Finds a set.</summary>
    /// <param name="id">Its id.</param>
    /// <returns>The set, or <see langword="null"/>.</returns>
    public IdentitySet? Find(string id) => Sets.FirstOrDefault(set => set.Id == id);

    // The schema lies beside the files that it is for.
    private static bool IsSetFile(string name) => name.EndsWith(Extension, StringComparison.OrdinalIgnoreCase)
        && !name.EndsWith(".schema" + Extension, StringComparison.OrdinalIgnoreCase);

    private static byte[] ReadAll(IHostFolder folder, string name)
    {
        using IBlockFile file = folder.Open(name, HostFileMode.Read);
        if (file.Length > MaxFileSize)
        {
            throw CatalogueFile.Invalid(Path.Combine(folder.Path, name), 1, $"it is longer than {MaxFileSize} bytes, so it is no catalogue file.");
        }

        var bytes = new byte[file.Length];
        file.ReadAt(0, bytes);
        return bytes;
    }

    private static string Next(List<string> path, string id)
    {
        int at = path.IndexOf(id);
        return at + 1 < path.Count ? path[at + 1] : id;
    }

    private static IEnumerable<(string File, byte[] Json)> BuiltInFiles()
    {
        Assembly assembly = typeof(IdentityCatalogue).Assembly;
        foreach (string name in assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(ResourcePrefix, StringComparison.Ordinal)).OrderBy(name => name, StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            yield return (name.Substring(ResourcePrefix.Length), copy.ToArray());
        }
    }

    private static List<IdentitySet> InOrder(Dictionary<string, (IdentitySet Set, string File)> sets)
    {
        var ordered = new List<IdentitySet>();
        var finished = new HashSet<string>(StringComparer.Ordinal);
        foreach (string id in sets.Keys.OrderBy(id => id, StringComparer.Ordinal))
        {
            Visit(id, []);
        }

        return ordered;

        void Visit(string id, List<string> path)
        {
            if (finished.Contains(id))
            {
                return;
            }

            (IdentitySet set, string file) = sets[id];
            if (path.Contains(id))
            {
                throw CatalogueFile.Invalid(
                    file, set.LinesOfNames[Next(path, id)], $"sets depend on each other in a circle: {string.Join(" -> ", path)} -> {id}.");
            }

            path.Add(id);
            IEnumerable<string> needed = set.DependsOn.Concat(set.Items.Select(item => item.With).Where(with => with.Length > 0));
            foreach (string other in needed.Concat(set.ConflictsWith))
            {
                if (!sets.ContainsKey(other))
                {
                    throw CatalogueFile.Invalid(file, set.LinesOfNames[other], $"the set '{other}', which '{id}' names, is not in the catalogue.");
                }
            }

            foreach (string other in needed.OrderBy(other => other, StringComparer.Ordinal))
            {
                Visit(other, path);
            }

            path.RemoveAt(path.Count - 1);
            finished.Add(id);
            ordered.Add(set);
        }
    }
}
