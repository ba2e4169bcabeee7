using System.Reflection;
using VmUpdate.HelpBuilder;

// Arguments: the cmdlet assembly, its XML documentation, the help file to write.
// Documentation files that lie beside the assembly (of the libraries below) are read too: they describe what cmdlets put out.
if (args.Length != 3)
{
    Console.Error.WriteLine("usage: VmUpdate.HelpBuilder <assembly> <documentation.xml> <help file>");
    return 2;
}

string assemblyPath = Path.GetFullPath(args[0]);
Assembly assembly = Assembly.LoadFrom(assemblyPath);
var docs = new XmlDocs([args[1], .. Directory.EnumerateFiles(Path.GetDirectoryName(Path.GetFullPath(args[1]))!, "*.xml")], assembly);
List<CommandDescription> commands = [.. CommandDescription.AllOf(assembly, docs)];

List<string> gaps = [.. commands.SelectMany(command => command.Gaps())];
foreach (string gap in gaps)
{
    // The form MSBuild reads as an error of the build.
    Console.WriteLine($"{Path.GetFileName(assemblyPath)} : error VMUHELP: {gap}");
}

if (gaps.Count > 0)
{
    return 1;
}

Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(args[2]))!);
MamlWriter.Write(args[2], commands);
return 0;
